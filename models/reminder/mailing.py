"""The words of reminders that leave the product: codes and addresses in an email, a mere count for a group (X6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from models.calendar import local
from models.day_words import day_text
from models.person.roles import Person
from models.reminder.rules import SINCE, secrecy_ended, words_of
from models.reminder.service import Told, by_urgency

MOST_LINES = 50

WORDS = {
    "zh": {
        "one": "{step}：{what}",
        "many": "您有 {count} 项工作提醒",
        "hello": "{name}，您好：",
        "due": "期限 {moment}",
        "since": "自 {moment} 起",
        "ended": "{moment} 届满",
        "more": "另有 {count} 项，请见“我的工作”：",
        "all": "全部提醒请见“我的工作”：",
        "group": "{name}：您有 {count} 项工作提醒",
        "pressing": "其中 {count} 项今日到期或已逾期。",
        "look": "请登录系统，在“我的工作”中查看：",
        "end": "本邮件由系统自动发出，请勿回复。",
    },
    "en": {
        "one": "{step}: {what}",
        "many": "{count} reminders for you",
        "hello": "Dear {name},",
        "due": "due {moment}",
        "since": "since {moment}",
        "ended": "ended {moment}",
        "more": "{count} more are in My work:",
        "all": "All reminders are in My work:",
        "group": "{name}: {count} reminders for you",
        "pressing": "{count} of them are due today or late.",
        "look": "Please look at My work in the product:",
        "end": "This message was sent by the system; please do not answer it.",
    },
}


def compose(person: Person, told: Sequence[Told], base_url: str, now: datetime) -> tuple[str, str]:
    """Subject and text of a person's email: step, type, number, deadline and address of each record, no more."""
    language = "zh" if person.language.startswith("zh") else "en"
    words = WORDS[language]
    lines = [words["hello"].format(name=person.name), ""]
    for one in by_urgency(told)[:MOST_LINES]:
        lines += [f"- {_what(one, language, now)} ({_when(one, language, now)})", f"  {base_url}/{one.leads_to}"]
    left = len(told) - MOST_LINES
    lines += ["", words["more"].format(count=left) if left > 0 else words["all"], f"{base_url}/", "", words["end"]]
    if len(told) == 1:
        return _what(told[0], language, now), "\n".join(lines)
    return words["many"].format(count=len(told)), "\n".join(lines)


def compose_for_group(person: Person, told: Sequence[Told], base_url: str, now: datetime) -> tuple[str, str]:
    """Subject and text for a chat that others read: how many reminders, how many of them press, and where to look."""
    words = WORDS["zh" if person.language.startswith("zh") else "en"]
    today = local(now).date()
    pressing = sum(1 for one in told if local(one.reminder.due).date() <= today)
    lines = [words["pressing"].format(count=pressing)] if pressing else []
    lines += [words["look"], f"{base_url}/"]
    return words["group"].format(name=person.name, count=len(told)), "\n".join(lines)


def _when(one: Told, language: str, now: datetime) -> str:
    """Until when something is due; since when nobody signs it, or it was left; when secrecy has ended."""
    step, at = one.reminder.step, one.reminder.due
    said = "since" if step in SINCE else "ended" if secrecy_ended(step, at, now) else "due"
    there = local(at)
    day = day_text(there.date())
    moment = f"{day.zh}{there:%H:%M}" if language == "zh" else f"{day.en} {there:%H:%M}"
    return WORDS[language][said].format(moment=moment)


def _what(one: Told, language: str, now: datetime) -> str:
    step = words_of(one.reminder.step, one.reminder.due, now, one.became).text(language)
    return WORDS[language]["one"].format(step=step, what=f"{one.kind.text(language)} {one.number}".strip())
