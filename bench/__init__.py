"""Benches: each runs alone (`python -m bench.NAME`), and once, small, in every CI run."""
