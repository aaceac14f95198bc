"""Second factors: an app that shows codes (TOTP), keys (WebAuthn), and codes on paper for when both are lost.

The cryptography is django-allauth's; here stand who may do what, the limits on guessing, and the log.
"""

from __future__ import annotations

import json
from hmac import compare_digest
from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.webauthn.internal import auth as keys
from django.core.exceptions import ValidationError
from django.db import transaction

from khien.office.acts.accounts import end_sessions
from khien.office.acts.attempts import own_password
from khien.office.acts.record import Actor, record
from khien.office.acts.trouble import Trouble
from khien.office.doors import accounts as door
from khien.office.doors import require
from khien.office.models import User
from khien.office.sealing import unseal

MOST_KEYS: Final = 10
_REAL: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_LONGEST_ANSWER: Final = 20_000


def has_second(user: User) -> bool:
    """Whether the person has a second factor; codes on paper alone are none."""
    return bool(Authenticator.objects.filter(user_id=user.pk, type__in=_REAL).exists())


def factors(user: User) -> list[Authenticator]:
    """The apps and keys of a person, the oldest first."""
    return list(Authenticator.objects.filter(user_id=user.pk, type__in=_REAL).order_by("pk"))


def codes_left(user: User) -> int:
    """How many codes on paper still work."""
    paper = _paper(user)
    return 0 if paper is None else len(paper.get_unused_codes())


def new_secret() -> str:
    """The secret of an app that is to be added; it counts only when a code made from it was shown."""
    return str(totp.generate_totp_secret())


def app_address(user: User, secret: str) -> str:
    """What an app reads from the picture."""
    return str(get_adapter().build_totp_url(user, secret))


def add_app(actor: Actor, secret: str, code: str, password: str) -> list[str]:
    """Add an app that shows codes; the first factor brings codes on paper, which are returned and shown once.

    Raises:
        Trouble: the password or the code is wrong, or there is an app already.
    """
    _same_person(actor, password)
    moment = _moment(secret, code) if secret else None
    if moment is None:
        raise Trouble("office_trouble_code")
    with transaction.atomic():
        _locked(actor)
        if Authenticator.objects.filter(user_id=actor.person.pk, type=Authenticator.Type.TOTP).exists():
            raise Trouble("office_trouble_one_app")
        made = totp.TOTP.activate(actor.person, secret)
        made.instance.data["moment"] = moment
        made.instance.save(update_fields=("data",))
        record(actor, "second.add", made.instance, None, {"kind": made.instance.type, "for": actor.person.pk})
        return _first_codes(actor)


def key_options(user: User) -> dict[str, Any]:
    """What the browser needs to make a key; what is expected back is kept in the session."""
    return dict(keys.begin_registration(user, False))


def add_key(actor: Actor, name: str, answer: str, password: str) -> list[str]:
    """Add a key; the first factor brings codes on paper.

    Raises:
        Trouble: the password is wrong, the answer does not fit what was asked, or there are too many keys.
    """
    _same_person(actor, password)
    credential = _parsed(answer)
    try:
        keys.parse_registration_response(credential)
        keys.complete_registration(credential)
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError):
        raise Trouble("office_trouble_key") from None
    except Exception as error:  # the signature of an attestation, each format with an exception of its own
        raise Trouble("office_trouble_key") from error
    with transaction.atomic():
        _locked(actor)
        if len(factors(actor.person)) >= MOST_KEYS:
            raise Trouble("office_trouble_many_keys", most=MOST_KEYS)
        made = keys.WebAuthn.add(actor.person, " ".join(name.split())[:100] or "–", credential)
        told = {"kind": made.instance.type, "name": made.name, "for": actor.person.pk}
        record(actor, "second.add", made.instance, None, told)
        return _first_codes(actor)


def new_codes(actor: Actor, password: str) -> list[str]:
    """New codes on paper; the old ones stop working.

    Raises:
        Trouble: the password is wrong, or there is no second factor for which they would stand in.
    """
    _same_person(actor, password)
    if not has_second(actor.person):
        raise Trouble("office_trouble_no_second")
    with transaction.atomic():
        _locked(actor)
        Authenticator.objects.filter(user_id=actor.person.pk, type=Authenticator.Type.RECOVERY_CODES).delete()
        made = RecoveryCodes.activate(actor.person)
        record(actor, "second.codes", made.instance, None, {"for": actor.person.pk})
        return [str(code) for code in made.generate_codes()]


def remove_factor(actor: Actor, pk: int, password: str) -> None:
    """Take away an app or key of one's own; with the last one go the codes on paper.

    Raises:
        Trouble: the password is wrong, or the office requires a second factor and this is the last.
    """
    from django.conf import settings

    _same_person(actor, password)
    with transaction.atomic():
        _locked(actor)
        mine = factors(actor.person)
        found = next((one for one in mine if one.pk == pk), None)
        if found is None:
            return
        if len(mine) == 1 and settings.CONFIG.second_factor:
            raise Trouble("office_trouble_last_factor")
        record(actor, "second.remove", found, {"kind": found.type, "for": actor.person.pk}, None)
        found.delete()
        if len(mine) == 1:
            Authenticator.objects.filter(user_id=actor.person.pk).delete()


def drop_factors(actor: Actor, user: User) -> None:
    """Take all second factors of somebody who lost them away; the administrator made sure who asks.

    Raises:
        Refused: the person may not; never for oneself.
    """
    require(door.may_change(actor.person, user))
    with transaction.atomic():
        mine = Authenticator.objects.filter(user_id=user.pk)
        kinds = sorted(mine.values_list("type", flat=True))
        if kinds:
            mine.delete()
            end_sessions(user)
            record(actor, "second.drop", user, {"kinds": kinds}, None)


def right_code(user: User, code: str) -> bool:
    """Whether a code is one of the app's now, not used before, or one on paper that was not used."""
    code = code.strip()[:40]
    with transaction.atomic():
        app = Authenticator.objects.select_for_update().filter(user_id=user.pk, type=Authenticator.Type.TOTP).first()
        # A code counts once, on whichever machine: no moment up to the one used last counts again.
        moment = None if app is None else _moment(unseal(app.data["secret"]), code)
        if app is not None and moment is not None and moment > app.data.get("moment", 0):
            app.data["moment"] = moment
            app.save(update_fields=("data",))
            app.record_usage()
            return True
        paper = _paper(user)
        return paper is not None and bool(paper.validate_code(code))


def _moment(secret: str, code: str) -> int | None:
    """The half minute, now or one beside it, whose code this is."""
    for moment in totp.yield_hotp_counters_from_time():
        expected = totp.format_hotp_value(totp.hotp_value(secret, moment))
        if compare_digest(expected.encode(), code.replace(" ", "").encode()):
            return int(moment)
    return None


def key_request(user: User) -> dict[str, Any] | None:
    """What the browser needs to ask a key; None when the person has no key."""
    if not Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.WEBAUTHN).exists():
        return None
    return dict(keys.begin_authentication(user))


def right_key(user: User, answer: str) -> bool:
    """Whether a key of the person answered what was asked."""
    try:
        credential = _parsed(answer)
        keys.parse_authentication_response(credential)
        keys.complete_authentication(user, credential).record_usage()
    except (Trouble, ValidationError, ValueError, KeyError, TypeError, AttributeError):
        return False
    except Exception as error:  # a wrong signature
        if type(error).__module__.startswith(("cryptography", "fido2")):
            return False
        raise
    return True


def _parsed(answer: str) -> dict[str, Any]:
    try:
        plain = json.loads(answer[:_LONGEST_ANSWER])
    except ValueError:
        raise Trouble("office_trouble_key") from None
    if not isinstance(plain, dict):
        raise Trouble("office_trouble_key")
    return plain


def _same_person(actor: Actor, password: str) -> None:
    """A session left open is not enough to change how its person signs in; who has no password, signed in elsewhere."""
    person = actor.person
    if person.has_usable_password():
        own_password(person, password)


def _locked(actor: Actor) -> None:
    User.objects.select_for_update().get(pk=actor.person.pk)


def _paper(user: User) -> RecoveryCodes | None:
    found = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return None if found is None else RecoveryCodes(found)


def _first_codes(actor: Actor) -> list[str]:
    if _paper(actor.person) is not None:
        return []
    made = RecoveryCodes.activate(actor.person)
    record(actor, "second.codes", made.instance, None, {"for": actor.person.pk})
    return [str(code) for code in made.generate_codes()]
