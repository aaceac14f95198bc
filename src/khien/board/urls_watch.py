"""Addresses of the watch. The feed and what was officially sent are public; everything else needs a sign-in."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from khien.board.views import watch, watch_desk, watch_events, watch_indicator, watch_record

_ID = r"(?P<id>\d{4}-\d{4,6}-[a-z0-9-]{2,60})"
_PART = r"(?P<part>fan|past|skill|vintages)"

urlpatterns: list[URLPattern | URLResolver] = [
    path("watch/", watch.situation, name="watch"),
    path("watch/replay/", watch.replay, name="watch-replay"),
    path("watch/situation.csv", watch.situation_csv, name="watch-csv"),
    path("watch/map.svg", watch.situation_svg, name="watch-map"),
    path("watch/models/", watch_indicator.models, name="watch-models"),
    path("watch/record/", watch_record.record, name="watch-record"),
    path("watch/record/events/", watch_events.change, name="watch-events"),
    re_path(
        r"^watch/record/(?P<name>chances|quantiles)\.(?P<lang>vi|en)\.svg$", watch_record.chart,
        name="watch-record-chart",
    ),
    re_path(
        r"^watch/record/(?P<name>warnings|chances|quantiles|scores)\.csv$", watch_record.numbers,
        name="watch-record-numbers",
    ),
    path("watch/indicators/<slug:name>/", watch_indicator.indicator, name="watch-indicator"),
    re_path(
        rf"^watch/indicators/(?P<name>[a-z0-9-]{{1,80}})/{_PART}\.(?P<lang>vi|en)\.(?P<size>wide|narrow)\.svg$",
        watch_indicator.chart, name="watch-chart",
    ),
    re_path(
        rf"^watch/indicators/(?P<name>[a-z0-9-]{{1,80}})/{_PART}\.csv$", watch_indicator.numbers, name="watch-numbers"
    ),
    path("watch/desk/", watch_desk.desk, name="watch-desk"),
    path("watch/desk/new/", watch_desk.compose, name="watch-compose"),
    re_path(rf"^watch/desk/{_ID}/$", watch_desk.warning, name="watch-warning"),
    re_path(rf"^watch/desk/{_ID}/edit/$", watch_desk.compose, name="watch-edit"),
    re_path(rf"^watch/desk/{_ID}/act/$", watch_desk.act, name="watch-act"),
    # The feed names itself and its messages by addresses beside its own.
    path("watch/warnings.atom", watch_desk.feed, name="watch-feed"),
    path("watch/feed.xml", watch_desk.feed),
    re_path(r"^watch/(?P<name>[a-z0-9-]{1,90}\.cap\.xml)$", watch_desk.message, name="watch-message"),
]  # fmt: skip
