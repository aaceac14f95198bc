"""The one small generator that all chance in the engine comes from, so that equal seeds give equal plans."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def rnd(g):
    """Uniform in [0, 1): xorshift64* on g[0]."""
    x = g[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    g[0] = x
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)
