"""What may be said of a programme's figures as a whole."""

from __future__ import annotations

from khien.programme import Programme


def is_illustrative(programme: Programme) -> bool:
    """Whether any setting or fact is illustrative: then every result is."""
    facts = {fact.status for fact in programme.settings.facts.values()} | set(programme.sources_of_facts["status"])
    return "illustrative" in facts
