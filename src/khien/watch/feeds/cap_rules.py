"""The rules of CAP as tables: what may stand in a message, in which order, how often, with what content.

Sources: OASIS, Common Alerting Protocol 1.2 (2010), its schema `CAP-v1.2.xsd`; 1.1 (2005) with its schema; 1.0 (2004).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["text", "time", "choice", "language", "uri", "integer", "decimal", "pair", "group"]
MANY: Final = 10**9
SIGNATURE: Final = "http://www.w3.org/2000/09/xmldsig#"
INSTANCE: Final = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True)
class Rule:
    """One kind of element in its parent: at least and at most so many, with content of a kind."""

    name: str
    least: int = 1
    most: int = 1
    kind: Kind = "text"
    choices: tuple[str, ...] = ()
    inside: tuple[Rule, ...] = field(default=(), repr=False)


def _choice(name: str, words: str, least: int = 1, most: int = 1) -> Rule:
    return Rule(name, least, most, "choice", tuple(words.split()))


def _maybe(name: str, kind: Kind = "text", most: int = 1) -> Rule:
    return Rule(name, 0, most, kind)


PAIR: Final = (Rule("valueName"), Rule("value"))
_CATEGORIES = "Geo Met Safety Security Rescue Fire Health Env Transport Infra"
_RESPONSES = "Shelter Evacuate Prepare Execute"
_URGENCY = _choice("urgency", "Immediate Expected Future Past Unknown")
_SEVERITY = _choice("severity", "Extreme Severe Moderate Minor Unknown")
_TIMES = tuple(_maybe(name, "time") for name in ("effective", "onset", "expires"))
_TOLD = (
    *(_maybe(name) for name in ("senderName", "headline", "description", "instruction")),
    _maybe("web", "uri"),
    _maybe("contact"),
)


def _resource(mime: int) -> Rule:
    inside = (
        Rule("resourceDesc"),
        Rule("mimeType", mime),
        _maybe("size", "integer"),
        _maybe("uri", "uri"),
        _maybe("derefUri"),
        _maybe("digest"),
    )
    return Rule("resource", 0, MANY, "group", inside=inside)


def _area(codes: Rule) -> Rule:
    inside = (
        Rule("areaDesc"),
        _maybe("polygon", most=MANY),
        _maybe("circle", most=MANY),
        codes,
        _maybe("altitude", "decimal"),
        _maybe("ceiling", "decimal"),
    )
    return Rule("area", 0, MANY, "group", inside=inside)


def _pairs(name: str) -> Rule:
    return Rule(name, 0, MANY, "pair", inside=PAIR)


_HEAD = (Rule("identifier"), Rule("sender"))
_TAIL = (
    _maybe("restriction"),
    _maybe("addresses"),
    _maybe("code", most=MANY),
    _maybe("note"),
    _maybe("references"),
    _maybe("incidents"),
)
_SCOPE = "Public Restricted Private"
_CERTAIN = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
_TYPES = "Alert Update Cancel Ack Error"

V12: Final = (
    *_HEAD,
    Rule("sent", kind="time"),
    _choice("status", "Actual Exercise System Test Draft"),
    _choice("msgType", _TYPES),
    _maybe("source"),
    _choice("scope", _SCOPE),
    *_TAIL,
    Rule(
        "info",
        0,
        MANY,
        "group",
        inside=(
            _maybe("language", "language"),
            _choice("category", _CATEGORIES + " CBRNE Other", most=MANY),
            Rule("event"),
            _choice("responseType", _RESPONSES + " Avoid Monitor Assess AllClear None", 0, MANY),
            _URGENCY,
            _SEVERITY,
            Rule("certainty", kind="choice", choices=_CERTAIN),
            _maybe("audience"),
            _pairs("eventCode"),
            *_TIMES,
            *_TOLD,
            _pairs("parameter"),
            _resource(1),
            _area(_pairs("geocode")),
        ),
    ),
)
V11: Final = (
    *_HEAD,
    Rule("sent", kind="time"),
    _choice("status", "Actual Exercise System Test Draft"),
    _choice("msgType", _TYPES),
    _maybe("source"),
    _choice("scope", _SCOPE),
    *_TAIL,
    Rule(
        "info",
        0,
        MANY,
        "group",
        inside=(
            _maybe("language", "language"),
            _choice("category", _CATEGORIES + " CBRNE Other", most=MANY),
            Rule("event"),
            _choice("responseType", _RESPONSES + " Monitor Assess None", 0, MANY),
            _URGENCY,
            _SEVERITY,
            Rule("certainty", kind="choice", choices=(*_CERTAIN, "Very Likely")),
            _maybe("audience"),
            _pairs("eventCode"),
            *_TIMES,
            *_TOLD,
            _pairs("parameter"),
            _resource(0),
            _area(_pairs("geocode")),
        ),
    ),
)
V10: Final = (
    *_HEAD,
    Rule("sent", kind="time"),
    _choice("status", "Actual Exercise System Test"),
    _choice("msgType", _TYPES),
    _maybe("password"),
    _maybe("source"),
    _choice("scope", _SCOPE, 0),
    *_TAIL,
    Rule(
        "info",
        0,
        MANY,
        "group",
        inside=(
            _maybe("language", "language"),
            _choice("category", _CATEGORIES + " Other", 0, MANY),
            Rule("event"),
            _choice("responseType", _RESPONSES + " Monitor Assess None", 0, MANY),
            _URGENCY,
            _SEVERITY,
            Rule("certainty", kind="choice", choices=("Very Likely", *_CERTAIN[1:])),
            _maybe("audience"),
            _maybe("eventCode", most=MANY),
            *_TIMES,
            *_TOLD,
            _maybe("parameter", most=MANY),
            _resource(0),
            _area(_maybe("geocode", most=MANY)),
        ),
    ),
)

VERSIONS: Final = {
    "urn:oasis:names:tc:emergency:cap:1.2": ("1.2", V12),
    "urn:oasis:names:tc:emergency:cap:1.1": ("1.1", V11),
    "http://www.incident.com/cap/1.0": ("1.0", V10),
}
"""Namespace to version and the rules of its root element."""
