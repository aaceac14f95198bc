"""Programmes in and out of the database."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Final

from khien.office.archive import digest, open_archive, pack
from khien.office.models import Blob, Version
from khien.programme import Programme

_KEPT: Final = 6
_cache: OrderedDict[str, Programme] = OrderedDict()
_lock = Lock()


def keep(content: bytes) -> Blob:
    """Store bytes under their hash, once."""
    return Blob.objects.get_or_create(digest=digest(content), defaults={"content": content, "size": len(content)})[0]


def keep_programme(programme: Programme) -> Blob:
    """Store a programme."""
    return keep(pack(programme))


def programme_of(version: Version) -> Programme:
    """The programme of a version. The last few are kept in memory: they are frozen, so they may be shared."""
    with _lock:
        if version.blob_id in _cache:
            _cache.move_to_end(version.blob_id)
            return _cache[version.blob_id]
    programme = open_archive(bytes(version.blob.content))
    if programme.hash != version.hash:
        raise RuntimeError(f"version {version.pk} does not hold what its hash says")
    with _lock:
        _cache[version.blob_id] = programme
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return programme
