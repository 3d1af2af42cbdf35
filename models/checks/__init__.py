"""Whether declarations make sense: coded findings, walked over every record type before any comes into force.

| code | about |
|---|---|
| E001 | a name that cannot be one, or that is taken by the engine, a role or a relation |
| E002 | an unknown kind |
| E003 | a choice without choices, or choices that cannot be told apart |
| E004 | a reference to a type that does not exist |
| E005 | title, due, related, card, turn, by, not_by, asks, needs, narrowed, seldom, view, copy with what is not there |
| E006 | a missing label, in Chinese or in English |
| E007 | a field whose group is not declared |
| E008 | something that everybody finds or sees, made of a field that only some may read |
| E009 | a unique value in a classified type: who is refused learns that it exists |
| E010 | a card, or what is shown to who has something in hand, that shows what it must not |
| E011 | a workflow with states that do not exist, or no state |
| E012 | numbers that are not unique or fit no address |
| E013 | bounds or a default that no value satisfies |
| E014 | a property that the field's kind cannot have |
| E015 | a signature that one may give on one's own request, a refusal without reason, a climb that leads nowhere |
| E016 | a record that nobody may ever read, or a move that nobody may ever make, or that no page makes |
| E017 | more indexes than the database takes |
| E018 | two things of one name |
| E019 | an embedded field's property that nothing reads |
| E020 | a property that belongs to another kind |
| E021 | a currency that is none, or a choice below one where there is no tree |
| E022 | a computed field that cannot be computed |
| E023 | a field required by a condition that cannot be asked |
| E024 | retention or review by a field or value that does not exist |
| E028 | a declared deadline that cannot be reckoned |
| E029 | an encrypted field that the database or a list would have to know |
| E030 | a withheld field that everybody finds or sees, by itself or by what follows from it, or withheld from nobody |
| E035 | a move that asks for a level or the end of its period; of a stored type that has one, a warning |
| E036 | numbers that lists would not show in the order in which they are given; of a stored type, a warning |
| E037 | a unique value filled in by who does not read every record; of a stored type, a warning |
| E039 | a move that asks for a field that not all who make it may read; of a stored type, a warning |
| W101 | a state that no move leaves and that is not final |
| W102 | a label that is the same in both languages |
"""

from __future__ import annotations

from collections.abc import Iterable

from models.checks import deadlines, derived, fields, listing, names, rights, workflow
from models.checks.finding import Case, Finding
from models.declarations import RecordType

PARTS = (names.check, fields.check, rights.check, workflow.check, derived.check, deadlines.check, listing.check)


class WrongDeclarations(Exception):
    """Declarations that cannot come into force; the text has a line for each finding."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        self.findings = findings
        super().__init__("\n".join(["wrong declarations:", *(one.line() for one in findings)]))


def check(types: Iterable[RecordType]) -> list[Finding]:
    """Every finding about these types, in their order; errors and warnings."""
    everything = tuple(types)
    by_slug = {rt.slug: rt for rt in everything}
    found = [finding for rt in everything for part in PARTS for finding in part(Case(rt, by_slug))]
    return found + list(names.check_together(everything))


def require(types: Iterable[RecordType]) -> None:
    """Let these types into force, or not. :raises WrongDeclarations: with every error."""
    errors = tuple(finding for finding in check(types) if finding.is_error)
    if errors:
        raise WrongDeclarations(errors)
