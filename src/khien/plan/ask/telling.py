"""Reasons in words, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from khien.plan.ask.obstacle import Obstacle
from khien.words import LANGUAGES, t


@dataclass(frozen=True)
class Told:
    """What has been found about one project: figures by name (None: not known), and what they rest on."""

    kind: str
    figures: Mapping[str, float | None]
    blocked: Obstacle | None = None
    companions: Sequence[str] = ()
    lacks: Sequence[str] = ()
    flips: Sequence[tuple[Any, ...]] = ()
    changed: bool = False


def reason(told: Told) -> tuple[str, ...]:
    """What is said of a project, one text per language."""
    return tuple(" ".join(_sentences(told, lang)) for lang in LANGUAGES)


def _sentences(told: Told, lang: str) -> list[str]:
    lacking = t("reason_idle_lacks", lang, names=", ".join(told.lacks))
    said = {"what": lacking if told.lacks else t("reason_idle_plain", lang)}
    said |= {name: "–" if value is None else figure(value, lang, 4) for name, value in told.figures.items()}
    heads = {
        "done": "reason_done", "fixed": "reason_fixed", "forbidden": "reason_forbidden", "pinned": "reason_pinned",
        "chosen": "reason_chosen", "closed": "reason_closed", "refused": "reason_refused", "close": "reason_close",
        "useless": "reason_useless", "idle": "reason_idle",
    }  # fmt: skip
    head = "reason_nowhere" if told.kind == "refused" and told.figures["short"] is None else heads[told.kind]
    out = [t(head, lang, **said)]
    if told.kind in ("refused", "useless"):
        if told.blocked is not None:
            out.append(t("reason_blocked", lang, what=told.blocked.words(lang)))
        if told.companions:
            out.append(t("reason_companions", lang, names=", ".join(told.companions)))
    if told.flips:
        out.append(t("reason_comes_in", lang, changes="; ".join(flip_words(f, lang) for f in told.flips)))
    if told.changed:
        out.append(t("reason_changed", lang))
    return out


def flip_words(flip: tuple[Any, ...], lang: str) -> str:
    """One change that lets a project in."""
    _, kind, what, change, _, share, _, confirmed = flip
    fields = {"what": what, "change": figure(change or 0.0, lang, 0), "share": figure(100 * share, lang, 0)}
    words = {
        "money": t("reason_flip_money", lang, **fields),
        "people": t("reason_flip_people", lang, **fields),
        "limit": t("reason_flip_limit", lang, **fields),
        "both": t("reason_flip_both", lang, **fields) if not what else t("reason_flip_package", lang, **fields),
        "agreement": t("reason_flip_agreement", lang),
        "success": t("reason_flip_success", lang, change=figure(change or 0.0, lang, 1)),
    }[kind]
    return words if confirmed else words + " " + t("reason_unconfirmed", lang)


def figure(value: float, lang: str, decimals: int) -> str:
    """A number as people of the language write it."""
    text = f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,")) if lang == "vi" else text
