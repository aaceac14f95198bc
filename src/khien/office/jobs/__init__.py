"""What runs do, and the workers that do it."""
