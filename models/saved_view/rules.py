"""Saved views: how many, how they are called, with whom they are shared, and what may be shared at all (X6). Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from models.declarations import Field
from models.errors import Refusal, Sentence
from models.kinds import kind_of
from models.listing import BARE, BadQuery, sortable, written
from models.listing.written import Leaf, Pair
from models.person.roles import Person, Role

MOST_VIEWS = 50
"""Of one person, over all types."""
LONGEST_NAME = 40
LONGEST_ADDRESS = 6000
OF_A_PAGE = ("after", "before")
"""Parameters that say which page is on the screen."""


class TooManyViews(Refusal):
    """The person has as many saved views as one may have."""

    code, status = "too_many_views", 409
    zh = f"您已保存 {MOST_VIEWS} 个视图，请先删除不用的。"
    en = f"You have saved {MOST_VIEWS} views. Delete those that are not used any more."


class NothingToSave(Refusal):
    """The address is the whole list as it is."""

    code, status = "nothing_to_save", 422
    zh, en = "这就是全部列表，没有可保存的内容。", "This is the whole list as it is: there is nothing to save."


class ViewChanged(Refusal):
    """The view was changed since the page was opened, perhaps in another window."""

    code, status = "view_changed", 409
    zh, en = "此视图刚被修改，请刷新页面后再试。", "This view was changed meanwhile. Reload the page and try again."


class NotToShare(Refusal):
    """What a view is shared with would be told of single records or of what somebody typed."""

    code, status = "not_to_share", 422
    zh = "含搜索词，按输入的文字（编号、名称等）或某一份记录筛选的视图不能共享。"
    en = (
        "A view with search words, or one that filters by typed text (numbers, names) or single records, is not shared."
    )


def name_problem(name: str) -> Sentence | None:
    """What is wrong with a view's name, which has single blanks."""
    if name and len(name) <= LONGEST_NAME and name.isprintable():
        return None
    return Sentence(f"请填写名称，最多 {LONGEST_NAME} 个字。", f"Give it a name, in {LONGEST_NAME} characters at most.")


def kept(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """The parameters of an address that a view keeps: all but which page it is.

    :raises NothingToSave: :raises BadQuery: for an address that is too long.
    """
    found = tuple((name, text) for name, text in pairs if text and name not in OF_A_PAGE)
    if not found:
        raise NothingToSave()
    if sum(len(name) + len(text) for name, text in found) > LONGEST_ADDRESS:
        raise BadQuery(parameter=found[-1][0][:40])
    return found


def conditions(pairs: Iterable[Pair]) -> list[Leaf]:
    """Every single condition of an address. :raises BadQuery: for one that cannot be read."""
    nodes = [written.node_of(*pair) for pair in pairs if written.is_condition(pair[0])]
    return [leaf for node in nodes for _path, leaf in written.paths(node)]


def fits(pairs: Iterable[Pair], known: Mapping[str, Field], columns: Collection[str]) -> bool:
    """Whether somebody who may filter and sort by the `known` fields, and show `columns`, may open an address. What
    they may not is not offered to them: its name and parameters would tell of it (X6)."""
    pairs = tuple(pairs)
    try:
        asked = conditions(pairs)
    except BadQuery:
        return False
    controls = dict(pair for pair in pairs if not written.is_condition(pair[0]))
    sort = controls.get("sort", "").removeprefix("-")
    shown = {name for name in controls.get("columns", "").split(",") if name}
    filters = all(leaf.name in known and known[leaf.name].filterable for leaf in asked)
    sorts = not sort or (sort in known and sortable(known[sort]))
    return filters and sorts and shown <= set(columns)


def shareable(pairs: Iterable[Pair], known: Mapping[str, Field]) -> bool:
    """Whether an address tells others of nothing but fields and common values: a search word or a text may be a name,
    and a number or a reference names a record, of which they may have no right to know (X6)."""
    pairs = tuple(pairs)
    asked = conditions(pairs)
    return not any(name == "q" for name, _ in pairs) and all(
        leaf.name in known and not _telling(leaf, known[leaf.name]) for leaf in asked
    )


def _telling(leaf: Leaf, field: Field) -> bool:
    """Whether a condition holds what somebody typed of a record, or names one. Colleagues and departments are known."""
    if field.kind == "reference":
        return True
    common = field.name == "department" or field.kind == "person" or leaf.text in BARE
    return not common and (field.encrypted or "contains" in kind_of(field).operators)


# --- whom a view is shared with: a department, a role, or a role within a department


def audience(department: str, role: str) -> str:
    """How an audience is stored; '' for nobody."""
    return f"{department}/{role}" if department or role else ""


def parts(stored: str) -> tuple[str, str]:
    """Department and role of a stored audience."""
    department, _slash, role = stored.partition("/")
    return department, role


def audiences_of(person: Person) -> list[str]:
    """The audiences to which a person belongs."""
    roles = sorted(role.value for role in person.roles)
    departments = ["", person.department] if person.department else [""]
    found = [audience(department, role) for department in departments for role in ("", *roles)]
    return [one for one in found if one]


def may_share(person: Person, stored: str) -> bool:
    """Whether the person may share with an audience, and end what others share with it: an administrator with any, a
    head with their own department and its roles."""
    department, _role = parts(stored)
    if person.has(Role.ADMINISTRATOR):
        return True
    return person.has(Role.HEAD) and bool(person.department) and department == person.department


def shares(person: Person) -> bool:
    """Whether there is anybody with whom the person may share."""
    return person.has(Role.ADMINISTRATOR) or (person.has(Role.HEAD) and bool(person.department))
