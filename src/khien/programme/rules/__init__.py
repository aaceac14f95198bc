"""Rules that need more than one cell: what the tables mean together."""

from khien.programme.sheet import Desk


def check_meaning(desk: Desk) -> None:
    """Report everything that reads well cell by cell and still cannot be meant."""
