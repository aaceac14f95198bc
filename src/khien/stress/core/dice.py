"""Random numbers by counter: what is drawn depends on seed, draw and stream alone, never on what was drawn before.

SplitMix64's finaliser over a Weyl sequence (G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom
number generators", OOPSLA 2014): draw d of a seed is the start of its own sequence, stream j its j-th number.
"""

from __future__ import annotations

import numpy as np

from khien.stress.core.kernel import kernel

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
FIRST = np.uint64(0xBF58476D1CE4E5B9)
SECOND = np.uint64(0x94D049BB133111EB)
S30, S27, S31 = np.uint64(30), np.uint64(27), np.uint64(31)
SHOCKS_FROM = 1 << 32
"""Streams of shocks lie above those of projects."""


@kernel(inline="always")
def mix(z):
    z = (z ^ (z >> S30)) * FIRST
    z = (z ^ (z >> S27)) * SECOND
    return z ^ (z >> S31)


@kernel()
def key_of(seed, draw):
    """Where the sequence of a draw begins."""
    return mix(mix(np.uint64(seed) + GOLDEN) + np.uint64(draw) * GOLDEN)


@kernel(inline="always")
def bits(key, stream):
    """64 random bits of a stream in a draw."""
    return mix(key + np.uint64(stream + 1) * GOLDEN)
