"""From the form of a warning to its content and back; times are those of the office's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.http import QueryDict
from django.utils import timezone

from khien.office.acts.trouble import Trouble
from khien.watch.warn import Content

TEXTS: Final = ("headline", "description", "instruction", "event")
FORM: Final = "%Y-%m-%dT%H:%M"


def content_of(form: QueryDict, before: Content | None) -> Content:
    """What a form says; hazard and drill are those of the warning that it changes.

    Raises:
        Trouble: a field that must hold a number or a time holds none. What else is wrong, the act itself tells.
    """
    texts: Any = {f"{what}_{lang}": form.get(f"{what}_{lang}", "") for what in TEXTS for lang in ("vi", "en")}
    texts = {name: text.replace("\r\n", "\n").strip() for name, text in texts.items()}
    hazard = form.get("hazard", "") if before is None else before.hazard
    exercise = form.get("exercise") == "on" if before is None else before.exercise
    level = form.get("level", "")
    return Content(
        hazard, int(level) if level in ("1", "2", "3", "4", "5") else 0, tuple(sorted(set(form.getlist("areas")))),
        moment(form.get("onset", "")), moment(form.get("expires", "")),
        probability=share(form.get("probability", "")), exercise=exercise, **texts,
    )  # fmt: skip


def moment(text: str) -> datetime:
    """A moment as a form writes it, in the office's zone.

    Raises:
        Trouble: it is none.
    """
    try:
        naive = datetime.fromisoformat(text.strip())
        return timezone.make_aware(naive) if naive.tzinfo is None else naive
    except (ValueError, OverflowError):
        raise Trouble("lookout_trouble_time", value=text[:40] or "–") from None


def share(text: str) -> float | None:
    """A probability in percent, with point or comma; None when the field is empty.

    Raises:
        Trouble: it is no number from 0 to 100.
    """
    plain = text.strip().rstrip("%").strip().replace(",", ".")
    if not plain:
        return None
    try:
        value = float(plain) / 100
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise Trouble("lookout_trouble_share", value=text[:40])
    return value


def blank(asked: Mapping[str, str]) -> dict[str, Any]:
    """The fields of a new form, some filled in by the link that led here."""
    begins = timezone.localtime().replace(minute=0) + timedelta(hours=1)
    told = {name: asked.get(name, "")[:80] for name in ("hazard", "level", "probability")}
    area = asked.get("area", "")
    return {
        **told, "areas": [area] if area else [], "onset": begins.strftime(FORM), "exercise": False,
        "expires": (begins + timedelta(days=1)).strftime(FORM), "reason": "", "despite": "",
        **{f"{what}_{lang}": "" for what in TEXTS for lang in ("vi", "en")},
    }  # fmt: skip


def fields_of(content: Content) -> dict[str, Any]:
    """The fields of a form that changes a warning."""
    chance = content.probability
    return {
        "hazard": content.hazard, "level": str(content.level), "areas": list(content.areas),
        "onset": timezone.localtime(content.onset).strftime(FORM), "exercise": content.exercise,
        "expires": timezone.localtime(content.expires).strftime(FORM), "reason": "", "despite": "",
        "probability": "" if chance is None else f"{100 * chance:.4g}",
        **{f"{what}_{lang}": getattr(content, f"{what}_{lang}") for what in TEXTS for lang in ("vi", "en")},
    }  # fmt: skip


def sent(form: QueryDict) -> dict[str, Any]:
    """The fields of a form that came back: what was typed is never lost."""
    told: dict[str, Any] = {name: form.get(name, "") for name in (*blank({}),)}
    return told | {"areas": form.getlist("areas"), "exercise": form.get("exercise") == "on"}
