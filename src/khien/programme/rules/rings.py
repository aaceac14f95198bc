"""Finding rings in relations that must not (or should not) have any."""

from __future__ import annotations

from collections.abc import Iterable


def rings(edges: Iterable[tuple[str, str]]) -> list[list[str]]:
    """One ring for every knot of nodes that reach each other; a node that points to itself is left out.

    Each ring starts with its smallest node, and the list is in order, so that the same programme gives the
    same findings.
    """
    after: dict[str, list[str]] = {}
    for a, b in edges:
        if a != b:
            after.setdefault(a, []).append(b)
            after.setdefault(b, [])
    left = _without_ends(after)
    found: list[list[str]] = []
    done: set[str] = set()
    for node in sorted(left):
        if node not in done and (ring := _ring_through(node, left, done)):
            found.append(ring)
            done |= _knot(node, left)
    return found


def _without_ends(after: dict[str, list[str]]) -> dict[str, list[str]]:
    """The relation without nodes that lie on no ring because they have nothing before them."""
    before = dict.fromkeys(after, 0)
    for targets in after.values():
        for b in targets:
            before[b] += 1
    free = [node for node, count in before.items() if not count]
    while free:
        node = free.pop()
        for b in after[node]:
            before[b] -= 1
            if not before[b]:
                free.append(b)
        del before[node]
    return {node: sorted(b for b in after[node] if b in before) for node in before}


def _ring_through(start: str, after: dict[str, list[str]], done: set[str]) -> list[str]:
    """A shortest way from a node back to itself, or nothing."""
    came: dict[str, str] = {}
    queue = [start]
    for node in queue:
        for b in after[node]:
            if b == start:
                return _path(came, start, node)
            if b not in came and b not in done:
                came[b] = node
                queue.append(b)
    return []


def _path(came: dict[str, str], start: str, node: str) -> list[str]:
    path = [node]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]


def _knot(node: str, after: dict[str, list[str]]) -> set[str]:
    """All nodes that a node reaches and that reach it."""
    before: dict[str, list[str]] = {n: [] for n in after}
    for a, targets in after.items():
        for b in targets:
            before[b].append(a)
    return _reach(node, after) & _reach(node, before)


def _reach(node: str, after: dict[str, list[str]]) -> set[str]:
    seen = {node}
    stack = [node]
    while stack:
        for b in after[stack.pop()]:
            if b not in seen:
                seen.add(b)
                stack.append(b)
    return seen
