"""Long lists of prices as short text, for the file of a plan; nothing is lost.

A price vector {"at": numbers in rising order, "price": amounts} of more than `SHORT` entries is written as
{"packed": text, "count": n, "bits": 32 or 64}: the differences of the numbers (32 bits), then the amounts (floating
point of so many bits). Both are written little-endian, all first bytes first, then all second ones and so on; the
whole is compressed by zlib and written in base64.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHORT = 1000
"""Lists up to this length are written as they are: small programmes can be read by a person."""
LONGEST = 50_000_000
"""More entries than any problem that fits into memory has; no file is asked to unfold to more."""


def pack(certificate: Any) -> Any:
    """A certificate with its long price vectors packed."""
    if isinstance(certificate, list):
        return [pack(part) if isinstance(part, Mapping) else part for part in certificate]
    if not isinstance(certificate, Mapping):
        return certificate
    plain = {key: pack(value) if key == "prices" else value for key, value in certificate.items()}
    at, price = plain.get("at"), plain.get("price")
    if not isinstance(at, list) or not isinstance(price, list) or len(at) != len(price) or len(at) <= SHORT:
        return plain
    amounts = np.array(price, dtype="<f8")
    bits = 32 if bool((amounts.astype("<f4") == amounts).all()) else 64
    steps = np.diff(np.array(at, dtype=np.int64), prepend=0)
    if steps.min() < 0 or steps.max() >= 1 << 32:
        return plain
    raw = _turned(steps.astype("<u4")) + _turned(amounts.astype(f"<f{bits // 8}"))
    text = base64.b64encode(zlib.compress(raw, 9)).decode()
    rest = {key: value for key, value in plain.items() if key not in ("at", "price")}
    return rest | {"packed": text, "count": len(at), "bits": bits}


def unpack(certificate: Any) -> Any:
    """The opposite of `pack`; raises ValueError where the text is not one of ours."""
    if isinstance(certificate, list):
        return [unpack(part) if isinstance(part, Mapping) else part for part in certificate]
    if not isinstance(certificate, Mapping):
        return certificate
    plain = {key: unpack(value) if key == "prices" else value for key, value in certificate.items()}
    if "packed" not in plain:
        return plain
    count, size = plain.pop("count"), {32: 4, 64: 8}.get(plain.pop("bits"), 0)
    if not isinstance(count, int) or not 0 < count <= LONGEST or not size:
        raise ValueError("packed prices without a count or with odd bits")
    wanted = count * (4 + size)
    try:
        opened = zlib.decompressobj()
        raw = opened.decompress(base64.b64decode(plain.pop("packed"), validate=True), wanted + 1)
    except (TypeError, binascii.Error, zlib.error) as error:
        raise ValueError(f"packed prices: {error}") from error
    if len(raw) != wanted:
        raise ValueError(f"packed prices: {len(raw)} bytes instead of {wanted}")
    at = np.cumsum(_turned_back(raw[: 4 * count], "<u4").astype(np.int64))
    return plain | {"at": at.tolist(), "price": _turned_back(raw[4 * count :], f"<f{size}").tolist()}


def coarse(prices: NDArray[np.float64], bits: int) -> NDArray[np.float64]:
    """Prices rounded to so many bits after the leading one (at most 23): 32 bits hold them, and they pack well."""
    shift = 23 - bits
    whole = prices.astype(np.float32).view(np.uint32).astype(np.int64)
    whole = (whole + (1 << shift >> 1)) >> shift << shift
    return whole.astype(np.uint32).view(np.float32).astype(np.float64)


def _turned(values: NDArray[Any]) -> bytes:
    return values.view(np.uint8).reshape(len(values), -1).T.tobytes()


def _turned_back(raw: bytes, kind: str) -> NDArray[Any]:
    size = np.dtype(kind).itemsize
    return np.frombuffer(raw, dtype=np.uint8).reshape(size, -1).T.copy().view(kind).ravel()
