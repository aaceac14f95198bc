"""Who is told of what: messages are written in the transaction of the act that they tell of, and sent by workers.

Sent at least once: a worker that dies between sending and noting it sends again. A hook can tell by the id.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from khien.office.config import Mail
from khien.office.models import Entry, Hook, Notice, Proposal, Run, Token, User
from khien.office.post import NotSent, call_hook, send_mail
from khien.office.rights import Right, holders
from khien.office.sealing import Unreadable, seal, unseal
from khien.words import t

log = logging.getLogger("khien.notices")

MOST_TRIES: Final = 9
_LEASE: Final = timedelta(seconds=60)
"""A message that a worker took is nobody else's for so long."""
KEPT: Final = timedelta(days=90)
"""How long messages that were sent, or given up, stay to be looked at."""
OWN: Final = (
    "account.roles", "account.deactivate", "account.reactivate", "account.password", "account.tie",
    "account.untie", "second.add", "second.remove", "second.codes", "second.drop", "token.make", "token.revoke",
)  # fmt: skip
"""Acts on somebody's own account: they are always told, so that nobody else does such a thing in silence."""


def announce(entry: Entry, what: Any) -> None:
    """Queue what the act's entry has to tell, in the same transaction; nothing when nobody is to be told."""
    told = {
        "id": entry.seq, "at": entry.at, "act": entry.act, "actor": entry.actor_name, "kind": entry.kind,
        "object": entry.object, "before": entry.before, "after": entry.after, "hash": entry.hash,
    }  # fmt: skip
    hooks = [hook for hook in Hook.objects.filter(ended=None) if listens(hook, entry.act)]
    notices = [Notice(hook=hook, act=entry.act, content=told, due=timezone.now()) for hook in hooks]
    if settings.CONFIG.mail is not None:
        content = {name: told[name] for name in ("id", "at", "act", "actor")} | {"path": _path(entry, what)}
        people = _people(entry, what)
        notices += [Notice(to=user, act=entry.act, content=content, due=timezone.now()) for user in people]
    if notices:
        Notice.objects.bulk_create(notices)


def mail_link(user: User, secret: str, kind: str) -> None:
    """Queue a link that is good for somebody, sealed until it is sent and forgotten then; nothing without mail."""
    if settings.CONFIG.mail is not None:
        content = {"link": seal(secret), "kind": kind}
        Notice.objects.create(to=user, act="account.link", content=content, due=timezone.now())


def listens(hook: Hook, act: str) -> bool:
    """Whether a hook is to be told of an act: `proposal` covers `proposal.make`, and nothing said covers all."""
    wanted = [name for name in hook.acts.split(",") if name]
    return not wanted or any(act == name or act.startswith(f"{name}.") for name in wanted)


def _people(entry: Entry, what: Any) -> Iterable[User]:
    """Who gets a mail about this act."""
    if entry.act in OWN:
        pk = what.pk if isinstance(what, User) else getattr(what, "user_id", None)
        return [] if pk is None else User.objects.filter(pk=pk)
    wanting = User.objects.filter(is_active=True, wants_mail=True).exclude(pk=entry.actor_id or 0)
    if entry.act == "proposal.make":
        return wanting.filter(grants__role__in=holders(Right.PROPOSALS_DECIDE)).distinct()
    if entry.act in ("warning.propose", "warning.update"):
        return wanting.filter(grants__role__in=holders(Right.WARNINGS_APPROVE)).distinct()
    if isinstance(what, Proposal) and entry.act in ("proposal.adopt", "proposal.refuse"):
        return wanting.filter(pk=what.by_id)
    if isinstance(what, Run) and entry.act == "run.end" and not what.cancel_asked:
        return wanting.filter(pk=what.asked_by_id)
    return []


def _path(entry: Entry, what: Any) -> str:
    if isinstance(what, Proposal):
        return f"/programme/{what.version_id}/"
    if isinstance(what, Run):
        return f"/runs/{what.pk}/"
    if entry.kind == "warning":
        return f"/watch/desk/{entry.object}/" if entry.object[:1].isdigit() else "/watch/desk/"
    return "/account/" if isinstance(what, (User, Token)) or entry.act in OWN else "/"


def send_due(most: int = 20) -> int:
    """Send what is due, oldest first; return how many left. Any number of workers may do so at once."""
    count = 0
    for pk, tries in list(_waiting().order_by("due", "pk").values_list("pk", "tries")[:most]):
        # Whoever moves the due time forward has the message.
        lease = timezone.now() + _LEASE
        if _waiting().filter(pk=pk, tries=tries).update(tries=F("tries") + 1, due=lease):
            count += _send(Notice.objects.select_related("to", "hook").get(pk=pk))
    return count


def clear_old() -> None:
    """Forget messages of long ago."""
    Notice.objects.filter(created__lt=timezone.now() - KEPT).exclude(sent=None, given_up=None).delete()


def _waiting() -> Any:
    return Notice.objects.filter(sent=None, given_up=None, due__lte=timezone.now())


def _send(notice: Notice) -> bool:
    now, ways = timezone.now, (_by_hook if notice.hook_id else _by_mail)
    mine = Notice.objects.filter(pk=notice.pk, sent=None)
    try:
        ways(notice)
    except NotSent as error:
        log.warning("not sent: %s", error.text, extra={"notice": notice.pk})
        if error.for_good or notice.tries >= MOST_TRIES:
            mine.update(given_up=now(), trouble=error.text[:300], content=_forgotten(notice))
        else:
            later = now() + timedelta(seconds=30 * 2 ** (notice.tries - 1))
            mine.update(due=later, trouble=error.text[:300])
        return False
    mine.update(sent=now(), trouble="", content=_forgotten(notice))
    return True


def _forgotten(notice: Notice) -> Any:
    """What is kept of a message that left: never a link."""
    content = dict(notice.content or {})
    content.pop("link", None)
    return content


def _by_hook(notice: Notice) -> None:
    hook = notice.hook
    if hook is None or hook.ended is not None:
        raise NotSent("the hook was ended", for_good=True)
    try:
        secret = unseal(hook.secret)
    except Unreadable as error:
        raise NotSent(str(error), for_good=True) from error
    content = dict(notice.content or {})
    for name in ("before", "after"):
        content[name] = json.loads(content[name]) if content.get(name) else None
    content["delivery"] = notice.pk
    call_hook(hook.url, secret, content, private=settings.CONFIG.hooks_private)


def _by_mail(notice: Notice) -> None:
    user, server = notice.to, settings.CONFIG.mail
    if user is None or not isinstance(server, Mail):
        raise NotSent("there is no mail server any more", for_good=True)
    if not user.is_active and notice.act != "account.deactivate":
        raise NotSent("the account was closed", for_good=True)
    write: Callable[[User, dict[str, Any]], tuple[str, str]] = _link if notice.act == "account.link" else _news
    send_mail(server, user.email, *write(user, dict(notice.content or {})))


def _news(user: User, content: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail about an act. The act itself is seen behind the sign-in: mail travels openly."""
    lang = user.language
    act = t(f"office_act_{content['act']}", lang)
    where = f"{settings.CONFIG.url}{content['path']}"
    moment = timezone.localtime(datetime.fromisoformat(content["at"]))
    at = moment.strftime("%d/%m/%Y %H:%M" if lang == "vi" else "%Y-%m-%d %H:%M")
    text = t("office_mail_news", lang, name=user.name, who=content["actor"] or "Khiên", act=act, at=at, link=where)
    return t("office_mail_subject", lang, act=act), text


def _link(user: User, content: dict[str, Any]) -> tuple[str, str]:
    """Subject and text of a mail with a link that sets a password."""
    try:
        link = f"{settings.CONFIG.url}/link/{unseal(content['link'])}/"
    except (Unreadable, KeyError) as error:
        raise NotSent("the link cannot be read any more", for_good=True) from error
    kind = content["kind"]
    text = t(f"office_mail_{kind}", user.language, name=user.name, link=link)
    return t(f"office_mail_{kind}_subject", user.language), text
