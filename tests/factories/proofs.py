"""What some tests have searched, tried and counted, as tables for whoever is to be shown it: `make proofs`.

A test notes what it has seen in `noted` and goes on as ever; with `--proofs FOLDER` the tables are written when the
run ends, and printed. Nothing is checked here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.declarations import Level
from tests.factories.families import PLACES, Family
from tests.factories.tables import table

LEVELS = tuple(level.value for level in Level)
REFUSED = 400


@dataclass
class Seen:
    """What one person was answered by one route: how often, how often with an error, how many bytes, and how many of
    them were words of records that they may not read, by the records' level."""

    answers: int = 0
    refused: int = 0
    size: int = 0
    found: Counter[str] = field(default_factory=Counter)

    def add(self, other: Seen) -> Seen:
        """The two together."""
        found = self.found + other.found
        return Seen(self.answers + other.answers, self.refused + other.refused, self.size + other.size, found)


@dataclass(frozen=True)
class Search:
    """Where planted values were looked for: how many of them, in how many bytes, and how many were found."""

    what: str
    place: str
    values: int
    size: int
    found: int


@dataclass(frozen=True)
class Calls:
    """What generated calls of the API came to: requests by phase and by status, checks made, findings."""

    operations: int
    phases: Mapping[str, int]
    statuses: Mapping[str, int]
    checks: Mapping[str, int]
    findings: int


@dataclass
class Proofs:
    """What was noted in a run."""

    canary: dict[tuple[str, str], Seen] = field(default_factory=dict)
    barred: dict[str, Counter[str]] = field(default_factory=dict)
    tampering: dict[str, tuple[str, ...]] = field(default_factory=dict)
    searches: list[Search] = field(default_factory=list)
    races: list[tuple[str, str]] = field(default_factory=list)
    calls: list[Calls] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)

    def looked_for(self, who: str, words: Iterable[str]) -> None:
        """Note the words that may be in no answer to a person, each by the level of its record."""
        self.barred[who] = Counter(words)

    def answered(self, who: str, route: str, said: str, found: Mapping[str, int], status: int = 200) -> None:
        """Note an answer that was searched for canaries, and how many bytes of them stand in it, by level."""
        one = Seen(1, int(status >= REFUSED), len(said.encode()), Counter(found))
        self.canary[who, route] = self.canary.get((who, route), Seen()).add(one)

    def tampered(self, kind: str, findings: Iterable[str]) -> None:
        """Note what the verifier said of a trail that was tampered with."""
        self.tampering[kind] = tuple(findings)

    def searched(self, what: str, place: str, values: Iterable[str], size: int, found: Iterable[str]) -> None:
        """Note that planted values were looked for in `size` bytes, and which of them were found."""
        self.searches.append(Search(what, place, len(set(values)), size, len(set(found))))

    def raced(self, winner: str, loser: str) -> None:
        """Note how two opposite decisions at once ended: the state that the record is in, and what the other was
        told."""
        self.races.append((winner, loser))

    def called(self, calls: Calls) -> None:
        """Note what generated calls of the API came to."""
        self.calls.append(calls)

    def counted(self, families: Iterable[Family]) -> None:
        """Note of how many lines the families are written."""
        self.families = list(families)

    def add(self, other: Proofs) -> None:
        """Take over what another process has noted."""
        for key, seen in other.canary.items():
            self.canary[key] = self.canary.get(key, Seen()).add(seen)
        self.barred |= other.barred
        self.tampering |= other.tampering
        self.searches += other.searches
        self.races += other.races
        self.calls += other.calls
        self.families += other.families

    def write(self, folder: Path) -> list[Path]:
        """Write the tables for which something was noted; returns their files."""
        texts = {
            "canary.md": _canary(self) if self.canary else "",
            "tampering.md": _tampering(self.tampering) if self.tampering else "",
            "planted.md": _planted(self.searches) if self.searches else "",
            "races.md": _races(self.races) if self.races else "",
            "api.md": "\n".join(map(_calls, self.calls)),
            "families.md": _families(self.families) if self.families else "",
        }
        folder.mkdir(parents=True, exist_ok=True)
        made = []
        for name, text in texts.items():
            if text:
                made.append(folder / name)
                made[-1].write_text(text, "utf-8")
        return made


noted = Proofs()
"""What this run has seen."""


def _canary(noted: Proofs) -> str:
    people = sorted({who for who, _ in noted.canary})
    routes = sorted({route for _, route in noted.canary}, key=lambda route: route.split(" ")[::-1])
    total = _sum(noted.canary.values())
    of = {who: _sum(seen for (one, _), seen in noted.canary.items() if one == who) for who in people}
    found = sum(total.found.values())
    told = (
        f"{total.answers:,} answers ({total.refused:,} of them errors) of {len(routes)} routes to {len(people)} people"
    )
    words = {who: [noted.barred.get(who, Counter())[one] for one in LEVELS] for who in people}
    rows = [(who, one.answers, one.refused, one.size, *words[who], sum(one.found.values())) for who, one in of.items()]
    head = ("person", "answers", "errors", "bytes searched", *(f"{one} words barred" for one in LEVELS), "bytes found")
    cells = [
        (f"`{route}`", *(_cell(noted.canary.get((who, route))) for who in people), *(by[one] for one in LEVELS))
        for route in routes
        for by in [_sum(seen for (_, one), seen in noted.canary.items() if one == route).found]
    ]
    return (
        "# Canaries: words of records that a person may not read, looked for in every answer to them\n\n"
        f"{told}, {total.size:,} bytes searched, {found:,} bytes found.\n\n"
        f"{table(head, rows)}\n"
        "Answers of each route to each person, with the bytes found in them where there are any; at the end the bytes "
        "found by the level of the record.\n\n"
        f"{table(('route', *people, *LEVELS), cells)}"
    )


def _sum(seen: Iterable[Seen]) -> Seen:
    total = Seen()
    for one in seen:
        total = total.add(one)
    return total


def _cell(seen: Seen | None) -> str:
    if seen is None:
        return ""
    found = sum(seen.found.values())
    return f"{seen.answers} (**{found}**)" if found else str(seen.answers)


def _tampering(tampering: Mapping[str, tuple[str, ...]]) -> str:
    rows = [
        (kind.replace("_", " "), len(findings), findings[0] if findings else "NOT FOUND")
        for kind, findings in tampering.items()
    ]
    return (
        "# Tampering with the audit trail: what was done, and what the verifier says\n\n"
        f"{len(tampering)} ways, {sum(bool(findings) for findings in tampering.values())} found.\n\n"
        f"{table(('way', 'findings', 'the first of them'), rows)}"
    )


def _planted(searches: Iterable[Search]) -> str:
    head = ("what was planted", "looked for in", "values", "bytes searched", "values found")
    rows = [(one.what, one.place, one.values, one.size, one.found) for one in searches]
    return f"# Planted secrets: where they were looked for, and how many of them were found\n\n{table(head, rows)}"


def _races(races: list[tuple[str, str]]) -> str:
    rows = [(*pair, count) for pair, count in sorted(Counter(races).items())]
    return (
        "# Two opposite decisions at once: who won, and what the other was told\n\n"
        f"{len(races)} races, one winner each.\n\n"
        f"{table(('winner', 'the other', 'races'), rows)}"
    )


def _calls(calls: Calls) -> str:
    rows = [
        (what, name, count)
        for what, counted in (("phase", calls.phases), ("answer", calls.statuses), ("check", calls.checks))
        for name, count in sorted(counted.items())
    ]
    return (
        "# Generated calls of the API (schemathesis): what was sent, answered and checked\n\n"
        f"{sum(calls.statuses.values()):,} requests over {calls.operations} operations, {calls.findings} findings.\n\n"
        f"{table(('of', 'name', 'count'), rows)}"
    )


def _families(families: Iterable[Family]) -> str:
    head = ("family", "declaration", "rules", *PLACES, *(f"shared {place}" for place in PLACES), "beyond in all")
    rows = [
        (one.name, one.declaration, one.rules, *one.own.values(), *one.shared.values(), one.beyond) for one in families
    ]
    return (
        "# Lines of code of the four families: declaration, rules, and what they need beyond\n\n"
        "A family's own files by place, then the statements in files of all types that name it.\n\n"
        f"{table(head, rows)}"
    )
