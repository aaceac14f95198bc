"""Signing in and out, the second step of it, and the links with which a password is set."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from khien.board.http import actor_of, lang_of, page, trouble_page
from khien.board.middleware import POLICY
from khien.office.acts import accounts, second, signing
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.models import User
from khien.office.providers import SAID

SCRIPTED = POLICY if "script-src" in POLICY else f"{POLICY}; script-src 'self'"
"""Of pages that speak with a key: that takes a script, which is a file of ours."""


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends."""
    where = _where(request)
    config = settings.CONFIG
    context: dict[str, Any] = {"next": where, "provider": config.provider, "mails": config.mail is not None}
    if request.method == "POST":
        email = request.POST.get("email", "")
        try:
            if signing.sign_in(request, email, request.POST.get("password", "")) is None:
                return _second(where)
        except Trouble as trouble:
            context |= {"why": trouble.message(lang_of(request)), "email": email}
            return trouble_page(request, "board/sign_in.html", context)
        return redirect(where)
    if isinstance(request.user, User):
        return redirect(where)
    if said := request.session.pop(SAID, None):
        context["why"] = Trouble(said).message(lang_of(request))
    return render(request, "board/sign_in.html", context)


def forgot(request: HttpRequest) -> HttpResponse:
    """Ask for a link by mail; the answer is the same whether there is such an account or not."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        try:
            signing.count_ask(request)
            accounts.ask_reset(actor_of(request), request.POST.get("email", ""))
        except Trouble as trouble:
            context["why"] = trouble.message(lang_of(request))
            return trouble_page(request, "board/forgot.html", context)
        context["sent"] = True
    return render(request, "board/forgot.html", context)


def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the other provider, when it answers."""
    from allauth.socialaccount.providers.openid_connect.views import login
    from requests import RequestException

    try:
        response: HttpResponse = login(request, provider_id)
    except (RequestException, KeyError, ValueError):
        request.session[SAID] = "office_trouble_provider"
        return redirect("sign-in")
    return response


@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponse:
    """The second factor: a code, or a key where the browser can."""
    user, where = signing.half_way(request), _where(request)
    if user is None:
        return redirect("sign-in")
    context: dict[str, Any] = {"next": where}
    if request.method == "POST":
        try:
            signing.second_step(request, user, request.POST.get("code", ""), request.POST.get("answer", ""))
        except Trouble as trouble:
            context["why"] = trouble.message(lang_of(request))
        else:
            return redirect(where)
    asked = second.key_request(user)
    context["asked"] = None if asked is None else json.dumps(asked)
    response = render(request, "board/second_step.html", context, status=422 if "why" in context else 200)
    response["Content-Security-Policy"] = SCRIPTED
    return response


def _where(request: HttpRequest) -> str:
    where = request.POST.get("next") or request.GET.get("next") or "/"
    return where if url_has_allowed_host_and_scheme(where, allowed_hosts=None) else "/"


def _second(where: str) -> HttpResponse:
    return redirect(f"{reverse('second-step')}?{urlencode({'next': where})}")


@page("POST")
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    signing.sign_out(actor_of(request), request)
    return redirect("sign-in")


@sensitive_post_parameters("password", "again")
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a password with a link: the first account of all, an invitation, or a reset."""
    ticket = accounts.find_ticket(secret)
    if ticket is None:
        return render(request, "board/link_over.html", status=410)
    lang = lang_of(request) if ticket.user is None else ticket.user.language
    request.lang = lang  # type: ignore[attr-defined]
    email, name = request.POST.get("email", ""), request.POST.get("name", "")
    context = {"ticket": ticket, "email": email, "name": name}
    if request.method == "POST":
        password = request.POST.get("password", "")
        try:
            if password != request.POST.get("again", ""):
                raise Trouble("office_trouble_not_the_same")
            user = accounts.use_ticket(Actor(None, actor_of(request).request), secret, password, email, name, lang)
            if signing.sign_in(request, user.email, password) is None:
                return _second("/")
        except Trouble as trouble:
            return trouble_page(request, "board/link.html", context | {"why": trouble.message(lang)})
        return redirect("today")
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(("GET", "POST"))
    return render(request, "board/link.html", context)
