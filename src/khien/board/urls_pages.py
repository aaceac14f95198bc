"""Addresses of the pages that show results."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from khien.board.views import charts, firms, people, plan, reliance, stress, whatif

urlpatterns: list[URLPattern | URLResolver] = [
    path("plan/", plan.newest, name="plan"),
    path("plan/compare/", plan.compare, name="plan-compare"),
    path("plan/<int:pk>/", plan.part, name="plan-run"),
    path("plan/<int:pk>/projects/", plan.projects, name="plan-projects"),
    path("plan/<int:pk>/projects/<str:project>/", plan.project, name="plan-project"),
    path("plan/<int:pk>/<slug:name>/", plan.part, name="plan-part"),
    path("what-if/", whatif.newest, name="whatif"),
    path("what-if/<int:pk>/", whatif.ask, name="whatif-run"),
    path("stress/", stress.newest, name="stress"),
    path("stress/<int:pk>/", stress.answer, name="stress-run"),
    path("stress/ask/<int:pk>/", stress.ask, name="stress-ask"),
    path("reliance/", reliance.newest, name="reliance"),
    path("reliance/<int:pk>/", reliance.chain, name="reliance-run"),
    path("reliance/<int:pk>/partners/<str:partner>/", reliance.partner, name="reliance-partner"),
    path("people/", people.newest, name="people"),
    path("people/<int:pk>/", people.people, name="people-run"),
    path("complex/", firms.newest, name="complex"),
    path("complex/<int:pk>/", firms.organisations, name="complex-version"),
    path("complex/<int:pk>/list.csv", firms.listed, name="complex-list"),
    re_path(
        r"^pictures/(?P<pk>\d{1,18})/(?P<part>[a-z]+)/(?P<name>[a-z0-9-]+)\.csv$",
        charts.numbers, name="picture-numbers",
    ),
    re_path(
        r"^pictures/(?P<pk>\d{1,18})/(?P<part>[a-z]+)/(?P<file>[a-z0-9-]+\.(?:vi|en)\.(?:wide|narrow)\.svg)$",
        charts.picture, name="picture",
    ),
]  # fmt: skip
