"""Makes the reference programme: public facts from `content/`, all else drawn from a seed and flagged."""
