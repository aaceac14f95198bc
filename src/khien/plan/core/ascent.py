"""Good prices: L-BFGS on the smoothed Lagrangian, smoothing lowered in steps."""

from __future__ import annotations



