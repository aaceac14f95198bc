"""A programme written down as the engine's problem: variables, constraints, objective, one small method per rule.

The rule book is docs/methods/plan-model.md; the verifier reads it apart from this room.
"""

from khien.plan.model.compiled import Compiled, compile_programme

__all__ = ["Compiled", "compile_programme"]
