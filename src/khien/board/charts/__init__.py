"""What pages show of results: chapters, pictures and their numbers, each made once and kept by its hash."""
