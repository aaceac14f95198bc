"""Accounts, and one's own."""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from khien.board.choices import provinces
from khien.board.http import actor_of, lang_of, page, trouble_page
from khien.office import reads
from khien.office.acts import accounts as acts
from khien.office.acts import second, signing
from khien.office.acts import tokens as token_acts
from khien.office.acts.trouble import Trouble
from khien.office.doors import accounts as door
from khien.office.doors import by_right
from khien.office.doors import hooks as hooks_door
from khien.office.rights import Right, Role


@page("GET", "POST")
def accounts(request: HttpRequest) -> HttpResponse:
    """All accounts; a POST invites somebody and shows the link once."""
    actor, lang = actor_of(request), lang_of(request)
    context: dict[str, Any] = {
        "may_hooks": hooks_door.may_change(actor.person),
        "accounts": list(reads.accounts(actor)), "roles": list(Role), "may_invite": door.may_invite(actor.person),
        "email": request.POST.get("email", ""), "name": request.POST.get("name", ""),
        "provinces": provinces(lang), "called": dict(provinces(lang)),
    }  # fmt: skip
    if request.method == "POST":
        try:
            user, secret = acts.invite(
                actor, context["email"], context["name"], request.POST.get("language", "vi"), _roles(request)
            )
        except Trouble as trouble:
            return trouble_page(request, "board/accounts.html", context | {"why": trouble.message(lang)})
        return _show_link(request, user.name, secret)
    return render(request, "board/accounts.html", context)


@page("GET")
def account(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: roles, and what may be done to it."""
    actor = actor_of(request)
    other = reads.account(actor, pk)
    held = {grant.role: grant.place for grant in other.grants.all()}
    places, offered = sorted(grant.place for grant in other.grants.all() if grant.place), provinces(lang_of(request))
    # A province that is no longer there stays to be seen and kept, or whoever saves the form would take it away unseen.
    offered += [(place, place) for place in places if offered and place not in dict(offered)]
    return render(request, "board/account.html", {
        "other": other, "roles": [(role, role.value in held) for role in Role],
        "places": places, "provinces": offered,
        "second": second.has_second(other), "tied": SocialAccount.objects.filter(user_id=other.pk).exists(),
        "may_change": door.may_change(actor.person, other), "may_deactivate": door.may_deactivate(actor.person, other),
    })  # fmt: skip


@page("POST")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Roles, a new link, deactivation and its opposite."""
    actor = actor_of(request)
    other = reads.account(actor, pk)
    what = request.POST.get("what", "")
    if what == "link":
        return _show_link(request, other.name, acts.make_reset_ticket(actor, other))
    if what == "roles":
        acts.set_roles(actor, other, _roles(request))
    elif what == "deactivate":
        acts.deactivate(actor, other)
    elif what == "reactivate":
        acts.reactivate(actor, other)
    return redirect("account", pk=pk)


@sensitive_post_parameters("old", "new", "again")
@page("GET", "POST")
def own(request: HttpRequest) -> HttpResponse:
    """One's own account: what one may do and why, password, sessions."""
    actor, lang = actor_of(request), lang_of(request)
    user, key = actor.person, request.session.session_key or ""
    context = _own_context(request)
    if request.method == "POST":
        try:
            if request.POST.get("new", "") != request.POST.get("again", ""):
                raise Trouble("office_trouble_not_the_same")
            acts.change_password(actor, request.POST.get("old", ""), request.POST.get("new", ""), key)
        except Trouble as trouble:
            return trouble_page(request, "board/own.html", context | {"why": trouble.message(lang)})
        # The session survives the change of the password that it was opened with.
        from django.contrib.auth import update_session_auth_hash

        update_session_auth_hash(request, user)
        return redirect("own")
    return render(request, "board/own.html", context)


def _own_context(request: HttpRequest) -> dict[str, Any]:
    user = actor_of(request).person
    return {
        "rights": [(right, by_right(user, right)) for right in Right], "seats": list(user.seats.all()),
        "this": request.session.session_key or "", "scopes": list(token_acts.Scope), "now": timezone.now(),
        "tokens": list(user.tokens.filter(revoked=None)), "mails": settings.CONFIG.mail is not None,
    }  # fmt: skip


@page("POST")
def wishes(request: HttpRequest) -> HttpResponse:
    """Whether to get mail."""
    acts.set_wishes(actor_of(request), mail="mail" in request.POST)
    return redirect("own")


@page("POST")
def make_token(request: HttpRequest) -> HttpResponse:
    """Make a token of one's own and show its secret once."""
    days = request.POST.get("days", "")
    try:
        token, secret = token_acts.make_token(
            actor_of(request), request.POST.get("name", ""), request.POST.getlist("scope"),
            int(days) if days.isascii() and days.isdigit() and len(days) < 6 else 0,
        )  # fmt: skip
    except Trouble as trouble:
        return trouble_page(
            request, "board/own.html", _own_context(request) | {"why": trouble.message(lang_of(request))}
        )
    return render(request, "board/token_made.html", {"token": token, "secret": secret})


@page("POST")
def revoke_token(request: HttpRequest, pk: int) -> HttpResponse:
    """Make one of one's own tokens useless."""
    token_acts.revoke_token(actor_of(request), pk)
    return redirect("own")


@page("POST")
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own other sessions."""
    signing.end_seat(actor_of(request), pk)
    return redirect("own")


def _show_link(request: HttpRequest, name: str, secret: str) -> HttpResponse:
    """The link, once: only a hash of its secret is kept."""
    base = settings.CONFIG.url or f"{request.scheme}://{request.get_host()}"
    return render(request, "board/link_made.html", {"who": name, "link": f"{base}/link/{secret}/"})


def _roles(request: HttpRequest) -> list[tuple[Role, str]]:
    """The roles ticked on the form; a province officer once for each province named."""
    known = {role.value for role in Role}
    chosen = [Role(name) for name in request.POST.getlist("role") if name in known]
    places = " ".join(request.POST.getlist("places")).replace(",", " ").split()
    pairs: list[tuple[Role, str]] = [(role, "") for role in chosen if role != Role.PROVINCE_OFFICER]
    if Role.PROVINCE_OFFICER in chosen:
        pairs += [(Role.PROVINCE_OFFICER, place) for place in places] or [(Role.PROVINCE_OFFICER, "")]
    return pairs
