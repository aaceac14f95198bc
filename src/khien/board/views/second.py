"""One's own second factors."""

from __future__ import annotations

import io
import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from khien.board.http import actor_of, lang_of, page
from khien.board.views.door import SCRIPTED
from khien.office import reads
from khien.office.acts import second as acts
from khien.office.acts.accounts import untie as untie_account
from khien.office.acts.trouble import Trouble

_SECRET: Final = "app-secret"
"""Key of the session under which the secret of an app waits for the first code made from it."""


@sensitive_post_parameters("password", "code")
@page("GET", "POST")
def second(request: HttpRequest) -> HttpResponse:
    """What there is, and the forms to add and remove; codes on paper are shown once, in the answer that made them."""
    actor, context = actor_of(request), dict[str, Any]()
    if request.method == "POST":
        try:
            context["codes"] = _done(request)
        except Trouble as trouble:
            context["why"] = trouble.message(lang_of(request))
        else:
            if not context["codes"]:
                return redirect("second")
    user = actor.person
    mine, secret = acts.factors(user), request.session.setdefault(_SECRET, acts.new_secret())
    context |= {
        "factors": mine, "has_app": any(one.type == "totp" for one in mine), "left": acts.codes_left(user),
        "secret": secret, "asks": user.has_usable_password(), "asked": json.dumps(acts.key_options(user)),
    }  # fmt: skip
    response = render(request, "board/second.html", context, status=422 if "why" in context else 200)
    response["Content-Security-Policy"] = SCRIPTED
    return response


def _done(request: HttpRequest) -> list[str]:
    """Do what the form asks; new codes on paper, when there are any."""
    actor, what, password = actor_of(request), request.POST.get("what", ""), request.POST.get("password", "")
    if what == "app":
        codes = acts.add_app(actor, request.session.get(_SECRET, ""), request.POST.get("code", ""), password)
        request.session.pop(_SECRET, None)
        return codes
    if what == "key":
        return acts.add_key(actor, request.POST.get("name", ""), request.POST.get("answer", ""), password)
    if what == "codes":
        return acts.new_codes(actor, password)
    if what == "remove" and (chosen := request.POST.get("factor", "")).isdigit():
        acts.remove_factor(actor, int(chosen[:15]), password)
    return []


@page("GET")
def picture(request: HttpRequest) -> HttpResponse:
    """The secret as a picture for the app, for the session that waits for its first code."""
    import qrcode
    from qrcode.image.svg import SvgPathFillImage

    secret = request.session.get(_SECRET)
    if not secret:
        return HttpResponse(status=404)
    out = io.BytesIO()
    image = qrcode.make(acts.app_address(actor_of(request).person, secret), image_factory=SvgPathFillImage)
    image.save(out)
    return HttpResponse(out.getvalue(), content_type="image/svg+xml")


@page("POST")
def untie(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget who somebody is at the sign-in provider."""
    actor = actor_of(request)
    untie_account(actor, reads.account(actor, pk))
    return redirect("account", pk=pk)


@page("POST")
def drop(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the second factors of somebody else away, who lost them."""
    actor = actor_of(request)
    acts.drop_factors(actor, reads.account(actor, pk))
    return redirect("account", pk=pk)
