"""What may happen in the office: one function an act, each asking its door, changing and logging in one transaction."""
