"""Everybody in the house at once, with what each of them may not read, and everything that an answer says (X6)."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from backoffice.auth import OPEN
from backoffice.calendar_feed import PRIVATE
from backoffice.posted_fields import taken
from backoffice.screens.forms import CONTROLS
from models import access, listing, records, turns
from models.access import Purpose
from models.declarations import Level, RecordType, Transition
from models.person import service as people
from models.person.roles import Permission, Person
from tests.factories.desks import Desk
from tests.factories.planted import Planted, plain
from tests.factories.proofs import noted

TOKENS = re.compile(r"(?:kanarie|hush|apart)\d{3}|139\d{8}|7[12](?:\d{6}|,\d{3},\d{3})|[a-z]{2,6}-\d{4}-\d{3,6}")
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
MISSING = "5f0000000000000000000001"
API, FIRST = "/api/", "00001"
NAMED = ("The Owner", "Another Owner")
HEADERS_OF_THEIR_OWN = ("set-cookie", "date", "x-request-id")
SIGN_IN = "/login?next="
NOTHING: Mapping[str, Any] = {}


@dataclass
class Seat:
    """A person with a browser and a program, and what they may not read: words and numbers of records."""

    desk: Desk
    secret: str
    planted: list[Planted]
    answers: set[tuple[str, int]] = field(default_factory=set)
    """Method and route with the status of each answer."""

    @property
    def person(self) -> Person:
        return self.desk.person

    @property
    def called(self) -> str:
        """The person's role, or the name of an owner."""
        roles = ", ".join(sorted(role.value for role in self.person.roles))
        return (roles if len(self.person.roles) == 1 and self.person.name not in NAMED else "") or self.person.name

    @cached_property
    def seen(self) -> dict[str, str]:
        """How the person sees each planted record: `full`, `card` or ''; by number."""
        return {
            one.number: access.reach(self.person, one.rt, Purpose.VIEW).sees(one.son["acl"]) for one in self.planted
        }

    @cached_property
    def sight(self) -> tuple[object, ...]:
        """What the person sees of what was planted."""
        return frozenset(self.barred), tuple(self.seen.values())

    @cached_property
    def rights(self) -> tuple[object, ...]:
        """What the person may do with each type: enter, take over, fill in, move, and each purpose."""
        return tuple(
            (
                access.may_create(self.person, rt),
                access.may_import(self.person, rt),
                access.editable_fields(self.person, rt),
                tuple(t.name for t in rt.workflow.transitions if _moves(self.person, t)) if rt.workflow else (),
                tuple(bool(access.reach(self.person, rt, purpose).full) for purpose in Purpose),
            )
            for rt in {one.rt.slug: one.rt for one in self.planted}.values()
        )

    @cached_property
    def barred(self) -> dict[str, Level]:
        """The words, and the numbers of what does not exist for them, that may be in no answer, with the level of the
        record. Auditors know every number; the first one of each type stands in the API's document as an example."""
        found: dict[str, Level] = {}
        for one in self.planted:
            found.update((plain(word), one.level) for word in self._barred(one))
            shown = one.number.endswith(FIRST) or self.person.may(Permission.AUDIT_READ)
            if not self.seen[one.number] and not shown:
                found[one.number.casefold()] = one.level
        noted.looked_for(self.called, (level.value for level in found.values()))
        return found

    def _barred(self, one: Planted) -> Iterator[str]:
        reach = access.reach(self.person, one.rt, Purpose.VIEW)
        sight = records.sight(self.person, one.rt, reach, one.son)
        if sight is None or not sight.full:
            yield from (*(() if one.into and self.seen[one.into.number] == "full" else one.words), *one.hushed)
            yield from (word for words in one.apart.values() for word in words)
            return
        if Level.TOP_SECRET.value not in sight.reads:
            yield from one.hushed
        names = {f.name for f in sight.fields}
        yield from (word for name, words in one.apart.items() if name not in names for word in words)

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        """Open an address, with the token below the API and with the session elsewhere."""
        if path.startswith(API + "v1"):
            more["headers"] = {"Authorization": f"Bearer {self.secret}"}
        return self.desk.client.open(path, method=method, **more)

    def found(self, method: str, path: str, asked: str = "", **more: Any) -> set[str]:
        """What stands in an answer, and on the page to which a form leads, and may not be there; what the request said
        itself does not count."""
        answer = self.ask(method, path, **more)
        assert answer.status_code not in (401, 500), (self.person.name, method, path)
        rule = rule_of(self.desk, method, path)
        assert not (answer.location or "").startswith(SIGN_IN) or rule.endpoint in OPEN, (self.person.name, path)
        self.answers.add((f"{method} {rule.rule}", answer.status_code))
        asked += f" {unquote(path)} {more}"
        found = self.note(f"{method} {rule.rule}", text_of(answer), asked, answer.status_code)
        if method == "POST" and answer.location:
            found |= self.found("GET", answer.location, asked)
        return found

    def note(self, route: str, said: str, asked: str = "", status: int = 200) -> set[str]:
        """What stands in a text for the person and may not be there; noted for whoever is to be shown it."""
        found = (tokens_in(said) & self.barred.keys()) - tokens_in(asked)
        sizes: Counter[str] = Counter()
        for word in found:
            sizes[self.barred[word].value] += len(word.encode()) * plain(said).count(word)
        noted.answered(self.called, route, said, sizes, status)
        return found


@dataclass
class House:
    """Everybody, and everything that was planted. `ids` are those of things that are there, by a route's parameter.

    With `everyone` each person walks by themselves and meets each level of each type; without, one stands for all who
    see the same, and one record for all that they see alike."""

    app: Flask
    seats: list[Seat]
    planted: list[Planted]
    ids: dict[str, str] = field(default_factory=dict)
    everyone: bool = False

    def kinds(self) -> list[Seat]:
        """One person for each way of seeing what was planted and of working with it; everybody where they are to be
        shown."""
        if self.everyone:
            return self.seats
        return list({(one.sight, one.rights): one for one in self.seats}.values())

    def stands_for_others(self, who: Seat) -> bool:
        """Whether a person looks for all who see the same; the others are walked for what they may do."""
        return self.everyone or {one.sight: one for one in self.seats}[who.sight] is who

    def unopened(self, rules: Iterable[Rule]) -> set[str]:
        """The routes among some that have opened a page to nobody."""
        return {f"GET {rule.rule}" for rule in rules} - self.answering(HTTPStatus.OK)

    def answering(self, status: int) -> set[str]:
        """Method and route of what answered somebody with a status."""
        return {route for who in self.seats for route, answered in who.answers if answered == status}

    def rules(self, method: str, *needed: str, only: bool = False) -> list[Rule]:
        """The routes that take a method and these parameters, or (only) no others; without the product's own files."""
        return [
            rule
            for rule in self.app.url_map.iter_rules()
            if method in (rule.methods or ()) and "filename" not in rule.arguments
            if (rule.arguments == set(needed) if only else rule.arguments >= set(needed))
        ]

    def examples(self, who: Seat) -> list[Planted]:
        """Of each type the first record of each level that the person reads, sees the card of, or does not see at all,
        and all that were secret or merged; without those that are not seen where another stands for the person. That
        what is hidden answers as what is not there: `test_record_rights`."""
        plain = [one for one in reversed(self.planted) if not with_past(one)]
        found = {(one.rt.slug, one.level if self.everyone else who.seen[one.number]): one for one in plain}
        chosen = [*found.values(), *(one for one in self.planted if with_past(one))]
        return [one for one in chosen if who.seen[one.number] or self.stands_for_others(who)]

    def addresses(self, rule: Rule, one: Planted) -> list[str]:
        """The addresses of a route for a record: with each of its moves and versions where it takes one."""
        moves = [t.name for t in one.rt.workflow.transitions] if one.rt.workflow else []
        each = {"move": moves, "name": moves, "version": ["1", "2"]}
        choices = next((each[name] or [MISSING] for name in each if name in rule.arguments), [""])
        return [self.address(rule, one, move=choice, name=choice, version=choice) for choice in choices]

    def address(self, rule: Rule, one: Planted | None = None, **more: str) -> str:
        """An address of a route; what is not known stands there as an id of nothing."""
        known = {**self.ids, **({"slug": one.rt.slug, "number": one.number, "file_id": one.file_id} if one else {})}
        return PARAMETER.sub(lambda found: {**known, **more}.get(found[1], MISSING), rule.rule)


def rule_of(desk: Desk, method: str, path: str) -> Rule:
    """The route of an address."""
    routes = desk.client.application.url_map.bind("")
    rule, _ = routes.match(path.partition("?")[0], method, return_rule=True)
    return rule


def fitting(app: Flask, rule: Rule, sent: Mapping[str, Any], values: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
    """Of what a form might send that which the route takes, so that it is not refused for the rest; with values of
    fields where it takes those of a record."""
    fields = taken(app, rule.endpoint)
    if fields.more:
        return {**{name: value for name, value in sent.items() if name in CONTROLS}, **values}
    return {name: value for name, value in sent.items() if name in fields.names}


def tokens_in(text: str) -> set[str]:
    """What in a text may be a planted word or a number of a record, numbers without commas."""
    return {plain(found) for found in TOKENS.findall(text.casefold())}


def _moves(person: Person, move: Transition) -> bool:
    return any(turns.is_role(whose) and turns.holds(person, whose) for whose in move.by)


def with_past(one: Planted) -> bool:
    """Whether a record was once more secret, is merged, or is about somebody."""
    return bool(one.hushed) or one.into is not None or one.concerns


def private_addresses(house: House, who: Seat, now: datetime) -> dict[str, str]:
    """The addresses that open a page to whoever knows them, made for a person; by endpoint."""
    makers: Mapping[str, Any] = house.app.extensions[PRIVATE]
    assert who.person.id is not None
    with house.app.test_request_context():
        return {end: make(who.person, people.get(who.person.id), now) for end, make in makers.items()}


def text_of(answer: TestResponse) -> str:
    """Everything that an answer says, headers and packed files included; as small letters."""
    body = answer.get_data()
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    headers = "\n".join(f"{k}: {v}" for k, v in answer.headers if k.lower() not in HEADERS_OF_THEIR_OWN)
    return f"{headers}\n{body.decode('utf-8', 'replace')}".casefold()


def questions(who: Seat, rt: RecordType) -> tuple[list[str], list[str]]:
    """Query strings that lists, forms and lookups understand, or refuse; and those for lists alone."""
    visible = access.visible_fields(who.person, rt)
    known = listing.queryable(rt, visible)
    columns = ",".join(f.name for f in visible if f.kind not in ("embedded", "embedded_list"))
    asked = ["", f"show=100&columns={columns}", "archived=1&show=100", "q=Kanarie", "q=Hush", "sort=haystack"]
    asked += [f"field={f.name}&q=Kanarie" for f in visible if f.kind == "reference"]
    sorts = [f"sort=-{name}&show=100" for name, field in known.items() if listing.sortable(field)]
    return asked, sorts + [f"{name}=filled&show=100" for name, field in known.items() if field.filterable]
