"""Addresses of the board."""

from __future__ import annotations

from django.urls import path, re_path

from khien.board.api.questions import api
from khien.board.urls_office import urlpatterns as office_urls
from khien.board.urls_pages import urlpatterns as page_urls
from khien.board.urls_watch import urlpatterns as watch_urls
from khien.board.views import accounts, door, log, plain, programme, proposals, rows, runs, today

handler404 = "khien.board.views.plain.not_found"
handler500 = "khien.board.views.plain.our_fault"

urlpatterns = [
    *office_urls,
    *page_urls,
    *watch_urls,
    path("", today.today, name="today"),
    path("sign-in/", door.sign_in, name="sign-in"),
    path("sign-out/", door.sign_out, name="sign-out"),
    path("link/<str:secret>/", door.link, name="link"),
    path("language/", plain.language, name="language"),
    path("health/", plain.health, name="health"),
    path("programme/", programme.versions, name="programme"),
    path("programme/upload/", programme.upload, name="upload"),
    path("programme/compare/", programme.compare, name="compare"),
    path("programme/merge/", programme.merge, name="merge"),
    path("programme/<int:pk>/", programme.version, name="version"),
    path("programme/<int:pk>/propose/", proposals.propose, name="propose"),
    path("programme/<int:pk>/tables/<slug:name>/", programme.table, name="table"),
    path("programme/<int:pk>/tables/<slug:name>/row/", rows.row, name="row"),
    re_path(r"^programme/(?P<pk>\d{1,18})/programme\.(?P<form>zip|xlsx)$", programme.download, name="download"),
    path("proposals/<int:pk>/", proposals.close, name="close-proposal"),
    path("runs/", runs.runs, name="runs"),
    path("runs/start/", runs.start, name="start-run"),
    path("runs/<int:pk>/", runs.run, name="run"),
    path("runs/<int:pk>/cancel/", runs.cancel, name="cancel-run"),
    path("runs/<int:pk>/restart/", runs.restart, name="restart-run"),
    path("runs/<int:pk>/files/<path:name>", runs.artefact, name="artefact"),
    path("log/", log.entries, name="log"),
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts/<int:pk>/", accounts.account, name="account"),
    path("accounts/<int:pk>/change/", accounts.change, name="change-account"),
    path("account/", accounts.own, name="own"),
    path("account/tokens/", accounts.make_token, name="make-token"),
    path("account/tokens/<int:pk>/revoke/", accounts.revoke_token, name="revoke-token"),
    path("api/", api.urls),
    path("account/sessions/<int:pk>/end/", accounts.end_session, name="end-session"),
]
