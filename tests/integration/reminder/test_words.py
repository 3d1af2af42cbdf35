"""What leaves the house as a message: never a title or a value of a record, whoever it goes to (X6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from models import names, registry
from models.person.roles import Person
from models.reminder.document import Reminder
from models.reminder.mailing import compose, compose_for_group
from models.reminder.rules import Matter, Step
from models.reminder.service import Told
from tests.factories.planted import Planted, plant

URL = "https://service.example.test"


def told_of(one: Planted, owner: Person, now: datetime) -> Iterator[Told]:
    """Reminders of a record, one of each step, as its owner reads them in the product."""
    assert owner.id is not None
    title = names.title_of(owner, one.rt, one.son, "full", "zh")
    for step in Step:
        of = Reminder("x", owner.id, one.rt.slug, one.son["_id"], Matter.DEADLINE, step, now, now)
        yield Told(of, one.rt.label, one.number, title, one.level.value)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_message_holds_a_word_of_a_record_of_any_type_and_level(owner: Person, now: datetime, language: str) -> None:
    reader = Person(id=owner.id, name=owner.name, language=language)
    planted = plant(registry.all_types(), owner, now)
    assert {one.level.value for one in planted} == {"internal", "secret", "confidential", "top_secret"}
    titled = 0
    for one in planted:
        words = {*one.words, *(word for apart in one.apart.values() for word in apart)}
        told = list(told_of(one, owner, now))
        titled += any(word in told[0].title for word in words)
        said = [compose(reader, told, URL, now), compose_for_group(reader, told, URL, now)]
        said += [compose(reader, [step], URL, now) for step in told]
        text = "\n".join(part for message in said for part in message).casefold()
        assert one.number.casefold() in text
        assert not [word for word in words if word.casefold() in text], (one.rt.slug, one.level)
    assert titled > len(planted) / 2, "titles that would have shown"


@pytest.mark.parametrize(
    ("step", "said"), [(Step.SOON, "due"), (Step.LATE, "due"), (Step.STUCK, "since"), (Step.NOTICE, "ended")]
)
def test_only_a_deadline_is_called_due(owner: Person, now: datetime, step: Step, said: str) -> None:
    one = plant(registry.all_types(), owner, now)[0]
    told = next(told for told in told_of(one, owner, now) if told.reminder.step is step)
    _subject, text = compose(Person(id=owner.id, name=owner.name, language="en"), [told], URL, now + timedelta(days=1))
    assert f"({said} Mon 23 Nov 2026 10:00)" in text
