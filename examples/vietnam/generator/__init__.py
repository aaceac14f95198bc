"""Makes the reference programme: public facts from `content/`, everything else drawn from a seed and flagged."""
