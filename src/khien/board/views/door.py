"""Signing in and out, and the links with which a password is set."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters

from khien.board.http import actor_of, lang_of, page, trouble_page
from khien.office.acts import accounts, signing
from khien.office.acts.record import Actor
from khien.office.acts.trouble import Trouble
from khien.office.models import User


@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form, and what it sends."""
    where = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(where, allowed_hosts=None):
        where = "/"
    if request.method == "POST":
        email = request.POST.get("email", "")
        try:
            signing.sign_in(request, email, request.POST.get("password", ""))
        except Trouble as trouble:
            context = {"why": trouble.message(lang_of(request)), "email": email, "next": where}
            return trouble_page(request, "board/sign_in.html", context)
        return redirect(where)
    if isinstance(request.user, User):
        return redirect(where)
    return render(request, "board/sign_in.html", {"next": where})


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
            signing.sign_in(request, user.email, password)
        except Trouble as trouble:
            return trouble_page(request, "board/link.html", context | {"why": trouble.message(lang)})
        return redirect("today")
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(("GET", "POST"))
    return render(request, "board/link.html", context)
