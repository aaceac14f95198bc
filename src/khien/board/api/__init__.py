"""The office for programs: the same acts, doors and readings as the pages, with a token instead of a session."""
