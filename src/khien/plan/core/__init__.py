"""The engine: one compiled problem, its bound and its search.

It knows nothing of programmes. `khien.plan.model` writes a programme down as a `Problem`;
the benches do the same with other people's instances.
"""
