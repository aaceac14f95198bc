"""Addresses beside the pages of the programme: second factors, other providers of sign-in."""

from __future__ import annotations

from allauth.socialaccount.providers.openid_connect.urls import urlpatterns as provider_urls
from django.conf import settings
from django.urls import URLPattern, URLResolver, path

from khien.board.views import accounts, door, grid, hooks, runs, second

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/second/", door.second_step, name="second-step"),
    path("account/second/", second.second, name="second"),
    path("account/second/picture.svg", second.picture, name="second-picture"),
    path("programme/<int:pk>/tables/<slug:name>/grid/", grid.grid, name="grid"),
    path("runs/<int:pk>/save/", runs.save_import, name="save-import"),
    path("runs/<int:pk>/all.zip", runs.everything, name="run-all"),
    path("sign-in/forgot/", door.forgot, name="forgot"),
    path("account/wishes/", accounts.wishes, name="wishes"),
    path("accounts/hooks/", hooks.hooks, name="hooks"),
    path("accounts/hooks/<int:pk>/end/", hooks.end, name="end-hook"),
    path("accounts/<int:pk>/untie/", second.untie, name="untie"),
    path("accounts/<int:pk>/second/", second.drop, name="drop-second"),
]
if settings.CONFIG.provider is not None:
    urlpatterns += [
        path("sign-in/<slug:provider_id>/login/", door.to_provider, name="openid_connect_login"), *provider_urls,
    ]  # fmt: skip
