"""From the rows of the two CORDIS files to real projects; all that was skipped or repaired is a finding."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from khien.programme.imports.cordis_rules import (
    OTHER_SCHEME,
    UNKNOWN_ACTIVITY,
    UNKNOWN_CAPABILITY,
    Rules,
    Scheme,
)
from khien.programme.imports.findings import ImportFindings
from khien.programme.imports.records import Record, day, number

MONTH_DAYS = 365.25 / 12
LONGEST_QUARTERS = 200
STEP_BELOW = {"SME-2": "SME-1"}
"""A scheme to the one whose project, with the same acronym and coordinator, must be finished first."""


@dataclass(frozen=True)
class Partners:
    """Who took part in a real project."""

    teams: Mapping[str, int] = field(default_factory=dict)  # activity id to number of participations
    lead_activity: str = UNKNOWN_ACTIVITY
    lead_share: float | None = None  # of the participants' contributions
    largest: str | None = None  # country code of the largest partner beside the coordinator
    countries: tuple[str, ...] = ()  # country codes in the file, coordinator's first


@dataclass(frozen=True)
class Real:
    """One real project, cleaned."""

    row: int
    id: str
    acronym: str
    title: str
    topic: str
    capability: str
    scheme_code: str
    scheme: Scheme
    source: str
    stopped: bool
    start: date
    quarters: int
    cost_eur: float
    contribution_eur: float
    coordinator: str
    partners: Partners


class Reader:
    """Turns records into real projects; `findings` grows."""

    def __init__(self, rules: Rules, tolerance: float, findings: ImportFindings) -> None:
        self.rules = rules
        self.tolerance = tolerance
        self.findings = findings

    def projects(
        self, file: str, records: Sequence[Record], people: str, participants: Sequence[Record]
    ) -> list[Real]:
        """All usable projects, in the order of the file."""
        of_project: dict[str, list[Record]] = defaultdict(list)
        for record in participants:
            of_project[record["project_id"]].append(record)
        known, out = set(), []
        latest = max((d for r in records if (d := _plain_day(r["start_date"]))), default=date(1950, 1, 1))
        for record in records:
            key = record["project_id"]
            if not key:
                self.findings.note(
                    "import-skipped", file, record.row, "project_id", reason="reason.import-no-id"
                )
                continue
            if key in known:
                self.findings.note("import-duplicate", file, record.row, "project_id", key)
                continue
            known.add(key)
            if real := self._project(file, record, latest, people, of_project.get(key, [])):
                out.append(real)
        for key, rows in of_project.items():
            if key not in known:
                self.findings.note(
                    "import-participant-orphan", people, rows[0].row, "project_id", key, count=len(rows)
                )
        return out

    def _project(
        self, file: str, record: Record, latest: date, people: str, participants: list[Record]
    ) -> Real | None:
        run = self._run(file, record)
        money = self._money(file, record)
        if run is None or money is None:
            return None
        start, end, quarters = run
        scheme = self._scheme(file, record)
        return Real(
            row=record.row,
            id="p" + (re.sub(r"[^a-z0-9_-]+", "-", record["project_id"].lower())[:60] or str(record.row)),
            acronym=record["acronym"] or record["project_id"],
            title=record["title"] or record["acronym"] or record["project_id"],
            topic=record["topic_code"],
            capability=self._capability(file, record),
            scheme_code=record["funding_scheme"],
            scheme=scheme,
            source=self._source(file, record),
            stopped=self._stopped(file, record, end, latest),
            start=start,
            quarters=quarters,
            cost_eur=money[0],
            contribution_eur=money[1],
            coordinator=record["coordinator_name"],
            partners=self._partners(file, record, money[1], people, participants),
        )

    def _run(self, file: str, record: Record) -> tuple[date, date, int] | None:
        """Start, end and length in quarters: months are turned into quarters here, at the door."""
        start, end = (day(record, name, file, self.findings) for name in ("start_date", "end_date"))
        months = number(record, "duration_months", file, self.findings)
        if start is None:
            self.findings.note(
                "import-skipped", file, record.row, "start_date", reason="reason.import-no-start"
            )
            return None
        if end is not None and end < start:
            self.findings.note("import-dates-backwards", file, record.row, "end_date", end, start=start)
            end = None
        by_dates = None if end is None else ((end - start).days + 1) / MONTH_DAYS
        if by_dates is None and not months:
            self.findings.note(
                "import-skipped", file, record.row, "duration_months", reason="reason.import-no-length"
            )
            return None
        if by_dates is not None and (not months or abs(by_dates - months) > 1):
            self.findings.note(
                "import-duration-repaired", file, record.row, "duration_months", record["duration_months"],
                months=f"{by_dates:.1f}",
            )  # fmt: skip
            months = by_dates
        length = months or 0.0
        quarters = min(LONGEST_QUARTERS, max(1, round(length / 3)))
        return start, end or date.fromordinal(start.toordinal() + round(length * MONTH_DAYS)), quarters

    def _money(self, file: str, record: Record) -> tuple[float, float] | None:
        """Total cost and contribution in euro."""
        cost = number(record, "total_cost_eur", file, self.findings) or None
        given = number(record, "ec_contribution_eur", file, self.findings) or None
        if cost is None and given is None:
            self.findings.note(
                "import-skipped", file, record.row, "total_cost_eur", reason="reason.import-no-money"
            )
            return None
        if cost is None or (given is not None and given > cost * (1 + self.tolerance)):
            self.findings.note(
                "import-cost-repaired", file, record.row, "total_cost_eur", record["total_cost_eur"],
                used=f"{given:.0f}",
            )  # fmt: skip
            cost = given
        if given is None:
            name = "ec_contribution_eur"
            self.findings.note(
                "import-cost-repaired", file, record.row, name, record[name], used=f"{cost:.0f}"
            )
        assert cost is not None
        return cost, cost if given is None else given

    def _capability(self, file: str, record: Record) -> str:
        topics = [t for part in record["topic_code"].split(";") if (t := part.strip())]
        words = f"{record['title']} {record['teaser']}"
        if len(topics) > 1:
            self.findings.note(
                "import-topics-several", file, record.row, "topic_code", record["topic_code"], used=topics[0]
            )
        for topic in topics:
            if found := self.rules.capability(topic, words):
                return found
        used = self.rules.by_words(words) or UNKNOWN_CAPABILITY
        self.findings.note(
            "import-topic-unknown", file, record.row, "topic_code", record["topic_code"], used=used
        )
        return used

    def _scheme(self, file: str, record: Record) -> Scheme:
        found = self.rules.scheme(record["funding_scheme"]) if record["funding_scheme"] else None
        if found is None:
            self.findings.note(
                "import-scheme-unknown", file, record.row, "funding_scheme", record["funding_scheme"]
            )
        return found or OTHER_SCHEME

    def _source(self, file: str, record: Record) -> str:
        found = self.rules.funder(record["programme"], record["framework"])
        if found is None:
            self.findings.note("import-funder-unknown", file, record.row, "programme", record["programme"])
        return found or "other-programmes"

    def _stopped(self, file: str, record: Record, end: date, latest: date) -> bool:
        """Was it broken off? Files keep old projects as ongoing long after their end; that is told too."""
        meaning = self.rules.statuses.get(record["status"].upper())
        if meaning is None:
            self.findings.note("import-status-unknown", file, record.row, "status", record["status"])
        elif meaning == "stopped":
            self.findings.note("import-stopped", file, record.row, "status", record["status"])
        elif meaning == "ongoing" and end < latest:
            self.findings.note("import-status-stale", file, record.row, "status", record["status"], end=end)
        return meaning == "stopped"

    def _partners(
        self, file: str, record: Record, contribution: float, people: str, participants: list[Record]
    ) -> Partners:
        if not participants:
            self.findings.note("import-no-participants", file, record.row, "project_id", record["project_id"])
            countries = [
                c for part in record["participant_countries"].split(";") if (c := part.strip().upper())
            ]
            lead = record["coordinator_country"].upper()
            others = tuple(c for c in countries if c != lead)
            return Partners(
                {}, UNKNOWN_ACTIVITY, None, next(iter(others), None), (lead, *others) if lead else others
            )
        money = [number(p, "ec_contribution_eur", people, self.findings) or 0.0 for p in participants]
        self._compare(file, record, contribution, sum(money))
        lead_at = self._lead(file, record, participants, money)
        by_country: dict[str, float] = defaultdict(float)
        for i, (p, m) in enumerate(zip(participants, money, strict=True)):
            if i != lead_at and p["country"]:
                by_country[p["country"].upper()] += m + 1e-6  # a partner without money is still a partner
        kinds = [self._activity(people, p) for p in participants]
        if len(participants) == 1:
            self.findings.note(
                "import-single-participant", file, record.row, "project_id", record["project_id"]
            )
        home = participants[lead_at]["country"].upper()
        rest = [c for c in dict.fromkeys(p["country"].upper() for p in participants) if c and c != home]
        return Partners(
            teams=dict(Counter(kinds)),
            lead_activity=kinds[lead_at],
            lead_share=money[lead_at] / sum(money) if sum(money) > 0 else None,
            largest=min(by_country, key=lambda c: (-by_country[c], c)) if by_country else None,
            countries=tuple(c for c in (home, *rest) if c),
        )

    def _compare(self, file: str, record: Record, contribution: float, total: float) -> None:
        if abs(total - contribution) > self.tolerance * contribution:
            self.findings.note(
                "import-contribution-mismatch", file, record.row, "ec_contribution_eur",
                f"{contribution:.0f}", total=f"{total:.0f}",
            )  # fmt: skip

    def _lead(self, file: str, record: Record, participants: list[Record], money: list[float]) -> int:
        leads = [i for i, p in enumerate(participants) if p["role"].lower() == "coordinator"]
        if len(leads) != 1:
            self.findings.note("import-coordinators", file, record.row, "project_id", value=len(leads))
        able = leads or list(range(len(participants)))
        return max(able, key=lambda i: (money[i], -i))

    def _activity(self, people: str, participant: Record) -> str:
        known = self.rules.activities.get(participant["activity_type"].upper())
        if known is None:
            self.findings.note(
                "import-activity-unknown",
                people,
                participant.row,
                "activity_type",
                participant["activity_type"],
            )
        return known["id"] if known else UNKNOWN_ACTIVITY


def first_steps(reals: Sequence[Real]) -> list[tuple[str, str]]:
    """(before, after): a feasibility project and the one that the same coordinator built on it."""
    known = {(r.acronym.lower(), r.coordinator.lower(), r.scheme_code): r.id for r in reals if r.coordinator}
    pairs = []
    for real in reals:
        below = STEP_BELOW.get(real.scheme_code)
        before = known.get((real.acronym.lower(), real.coordinator.lower(), below or ""))
        if below and before:
            pairs.append((before, real.id))
    return pairs


def _plain_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
