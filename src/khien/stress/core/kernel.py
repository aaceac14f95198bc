"""How the functions of the replay are compiled: once, kept on disk, letting go of the interpreter.

`kernel` takes no part in counting references: nothing is allocated in it, and a plain one spends half of its time
on counting arrays in and out. With `error_model="numpy"` a division by nothing is not looked for, which a loop over
draws side by side cannot do.
"""

from __future__ import annotations

from functools import partial

from numba import njit

kernel = partial(njit, cache=True, nogil=True, _nrt=False)
