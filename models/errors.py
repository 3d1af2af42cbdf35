"""Refusals: the only way the product says no; and outages, when it cannot say anything yet.

Each is a class with a stable code, an HTTP status and one sentence per language. The web turns it into
a page, JSON or a flash in one place; the command line prints the sentence. A sentence never contains a value that
the person may not read, nor an id.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Spoken(Exception):
    """What is said to people in their language.

    Keyword parameters fill the templates `zh` and `en` and are kept as `params`.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    zh: ClassVar[str]
    en: ClassVar[str]

    def __init__(self, **params: Any) -> None:
        self.params = params
        super().__init__(self.text("en"))

    def text(self, language: str) -> str:
        """The sentence in `zh` or `en` (anything else reads as English)."""
        template = self.zh if language.startswith("zh") else self.en
        return template.format(**{k: _in(language, v) for k, v in self.params.items()})


class Refusal(Spoken):
    """A request that the rules do not allow."""

    code, status = "refused", 422
    zh, en = "操作被拒绝。", "This is not allowed."
    about: str = ""
    """The field of a form that the refusal is about; '' for one that is about no single field."""


class Outage(Spoken):
    """Something that the work needs cannot be used at the moment. No rule said no: the same is tried again later."""

    code, status = "outage", 503
    zh, en = "暂时无法办理，未作任何更改。请稍后再试。", "This cannot be done at the moment; please try again later."


def _in(language: str, value: Any) -> Any:
    """A parameter in the reader's language: labels carry both."""
    return getattr(value, "zh" if language.startswith("zh") else "en", value)


class NotFound(Refusal):
    """No such thing, or not for this person: both answer alike (X6)."""

    code, status = "not_found", 404
    zh, en = (
        "找不到该页面或记录，或者您无权查看。",
        "There is no such page or record, or it is not yours to see.",
    )


class Forbidden(Refusal):
    """The person sees the place but may not do this there."""

    code, status = "forbidden", 403
    zh = "您没有执行此操作的权限。如需办理，请联系客服部经理或系统管理员。"
    en = "You may not do this. The department head or an administrator can help."


class StaleRecord(Refusal):
    """Someone else changed the record since it was opened; nothing was stored."""

    code, status = "stale", 409
    zh = "在您编辑期间，{by} 已修改此记录，您的修改尚未保存。"
    en = "{by} changed this record while you were editing. Nothing of yours is stored yet."

    def __init__(self, *, by: str, at: Any, current: dict[str, Any]) -> None:
        self.at = at
        self.current = current
        super().__init__(by=by)


class FieldProblem(Refusal):
    """One value cannot be accepted; `field` names where."""

    code = "invalid_value"
    zh, en = "{problem}", "{problem}"

    def __init__(self, field: str, *, zh: str, en: str) -> None:
        self.field = field
        self.message = Sentence(zh, en)
        super().__init__(problem=self.message)


class Invalid(Refusal):
    """Values that cannot be stored, field by field. `problems` maps field path to a sentence."""

    code = "invalid"
    zh, en = "有 {count} 处需要更正。", "{count} entries need correcting."

    def __init__(self, problems: dict[str, Sentence]) -> None:
        self.problems = problems
        super().__init__(count=len(problems))


class Sentence:
    """A text in both languages, used as a parameter of refusals."""

    __slots__ = ("en", "zh")

    def __init__(self, zh: str, en: str) -> None:
        self.zh = zh
        self.en = en

    def __repr__(self) -> str:
        return f"Sentence({self.en!r})"
