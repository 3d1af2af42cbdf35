"""What the walks of some tests have seen, as tables for whoever is to be shown it: `make proofs`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from models.declarations import Level


@dataclass
class Seen:
    """What one kind of person was answered by one route: how often, how many bytes, and how many bytes of it were words
    of records that they may not read, by the records' level."""

    answers: int = 0
    size: int = 0
    found: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Search:
    """Where planted values were looked for: how many of them, in how many bytes, and how many were found."""

    what: str
    place: str
    values: int
    size: int
    found: int


canary: dict[tuple[str, str], Seen] = {}
tampering: dict[str, tuple[str, ...]] = {}
searches: list[Search] = []
races: list[tuple[str, str]] = []


def answered(who: str, route: str, size: int, found: Mapping[str, int]) -> None:
    """Note an answer that was searched for canaries."""
    seen = canary.setdefault((who, route), Seen())
    seen.answers += 1
    seen.size += size
    seen.found.update(found)


def tampered(kind: str, findings: Iterable[str]) -> None:
    """Note what the verifier said of a trail that was tampered with."""
    tampering[kind] = tuple(findings)


def searched(what: str, place: str, values: Iterable[str], size: int, found: Iterable[str]) -> None:
    """Note that planted values were looked for in `size` bytes, and which of them were found."""
    searches.append(Search(what, place, len(set(values)), size, len(set(found))))


def raced(winner: str, loser: str) -> None:
    """Note how two opposite decisions at once ended: the state that the record is in, and what the other was told."""
    races.append((winner, loser))


def write(folder: Path) -> list[Path]:
    """Write the tables for which something was noted; returns their files."""
    tables = {
        "canary.md": _canary_table() if canary else "",
        "tampering.md": _tampering_table() if tampering else "",
        "planted.md": _planted_table() if searches else "",
        "races.md": _races_table() if races else "",
    }
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, text in tables.items():
        if text:
            made.append(folder / name)
            made[-1].write_text(text, "utf-8")
    return made


def _canary_table() -> str:
    levels = [level.value for level in Level]
    total = Seen(sum(s.answers for s in canary.values()), sum(s.size for s in canary.values()))
    for seen in canary.values():
        total.found.update(seen.found)
    people, routes = len({who for who, _ in canary}), len({route for _, route in canary})
    told = f"{total.answers} answers of {routes} routes to {people} people, {total.size} bytes searched"
    lines = [
        "# Canaries: bytes of what may not be read, by person, route and level of the record",
        "",
        f"{told}, {sum(total.found.values())} bytes found.",
        "",
        f"| person | route | answers | bytes searched | {' | '.join(levels)} |",
        f"|---|---|---|---|{'---|' * len(levels)}",
    ]
    for (who, route), seen in sorted(canary.items()):
        found = " | ".join(str(seen.found[level]) for level in levels)
        lines.append(f"| {who} | `{route}` | {seen.answers} | {seen.size} | {found} |")
    return "\n".join(lines) + "\n"


def _tampering_table() -> str:
    lines = [
        "# Tampering with the audit trail: what was done, and what the verifier says",
        "",
        f"{len(tampering)} ways, {sum(bool(findings) for findings in tampering.values())} found.",
        "",
        "| way | findings | the first of them |",
        "|---|---|---|",
    ]
    for kind, findings in tampering.items():
        first = findings[0].replace("|", "\\|") if findings else "NOT FOUND"
        lines.append(f"| {kind.replace('_', ' ')} | {len(findings)} | {first} |")
    return "\n".join(lines) + "\n"


def _planted_table() -> str:
    lines = [
        "# Planted secrets: where they were looked for, and how many of them were found",
        "",
        "| what was planted | looked for in | values | bytes searched | values found |",
        "|---|---|---|---|---|",
    ]
    for one in searches:
        lines.append(f"| {one.what} | {one.place} | {one.values} | {one.size} | {one.found} |")
    return "\n".join(lines) + "\n"


def _races_table() -> str:
    lines = [
        "# Two opposite decisions at once: who won, and what the other was told",
        "",
        f"{len(races)} races, one winner each.",
        "",
        "| winner | the other | races |",
        "|---|---|---|",
    ]
    for (winner, loser), count in sorted(Counter(races).items()):
        lines.append(f"| {winner} | {loser} | {count} |")
    return "\n".join(lines) + "\n"
