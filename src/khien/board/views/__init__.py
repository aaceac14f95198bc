"""The views: each translates a request into one act or reading, and its answer into a page."""
