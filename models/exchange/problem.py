"""What is wrong with one row or one value of an imported table, in words for a clerk.

A problem is a value, never an exception: the row is refused with its reason and the rows after it go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MINGUO = "民国"
"""How a sentence calls a date order."""

TEXTS: dict[str, tuple[str, str]] = {
    # the row as a whole
    "too_many": (
        "应有 {expected} 列，实有 {found} 列。多半是某一格内含有分隔符却没有加引号。",
        "{found} cells where the heading has {expected}. A cell may hold an unquoted separator.",
    ),
    "too_few": (
        "应有 {expected} 列，实有 {found} 列。多半是缺了分隔符，或该行被截断。",
        "{found} cells where the heading has {expected}. A separator may be missing or the row cut off.",
    ),
    "beyond_heading": (
        "{column} 列有内容，但表头只到 {last} 列。请补上表头或删除该内容。",
        "Column {column} has content but the headings end at {last}. Add a heading or remove the content.",
    ),
    "unclosed_quote": (
        "有一个引号没有配对，无法判断这一格到哪里结束。",
        "A quotation mark is opened and never closed, so it is not clear where the cell ends.",
    ),
    "encoding": (
        "此行的文字编码与整个文件（{expected}）不同，文字可能有误。",
        "This row is encoded differently from the rest of the file ({expected}); its text may be wrong.",
    ),
    "nul": (
        "此行含有空字符（NUL），内容可能已损坏。",
        "This row holds NUL characters; its content may be damaged.",
    ),
    "cell_too_long": (
        "{column} 列的内容超过 {limit} 个字。",
        "The cell in column {column} is longer than {limit} characters.",
    ),
    "row_too_long": (
        "此行太长，超过 {limit} 个字。",
        "The row is longer than {limit} characters.",
    ),
    "no_result": (
        "{column} 列是公式，文件中没有保存计算结果。请在表格软件中打开并保存后重试。",
        "Column {column} holds a formula without a result. Open and save the file in a spreadsheet program.",
    ),
    "broken_cell": (
        "{column} 列的单元格已损坏，无法读取。",
        "The cell in column {column} is damaged and cannot be read.",
    ),
    # one value
    "not_a_date": (
        "“{value}”不是日期。日期格式应如 2026-11-22。",
        "“{value}” is not a date. A date looks like 2026-11-22.",
    ),
    "ambiguous_date": (
        "“{value}”分不清日和月。请为此列选择日期顺序。",
        "“{value}” could be read two ways. Choose the date order of this column.",
    ),
    "other_order": (
        "“{value}”与此列的日期顺序（{order}）不符。",
        "“{value}” does not follow this column's date order ({order}).",
    ),
    "short_year": (
        f"“{{value}}”的年份不是四位数字。若为民国纪年，请为此列选择“{MINGUO}”。",
        "The year of “{value}” is not four digits. If it counts from 1912 (Minguo), choose that date order.",
    ),
    "digits_lost": (
        "表格软件把“{value}”当作数字保存，十五位以后的数字已丢失。请把该列设为文本后重新填写。",
        "Stored as a number, “{value}” lost all digits after the fifteenth. Enter it again as text.",
    ),
    "not_rows": (
        "“{value}”不是若干行。请按导出文件的写法（JSON）填写。",
        "“{value}” is no list of rows. Write them as an export does (JSON).",
    ),
    "no_such_part": (
        "这些行没有“{value}”这一项。",
        "These rows have no field “{value}”.",
    ),
    "formula_error": (
        "单元格是公式错误 {value}。",
        "The cell holds the formula error {value}.",
    ),
}


@dataclass(frozen=True)
class Both:
    """A parameter that reads differently in each language."""

    zh: str
    en: str


@dataclass(frozen=True)
class Problem:
    """`code` is stable; `params` fill the sentence. Values inside `params` come from the person's own
    file."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def zh(self) -> str:
        """The sentence in Chinese."""
        return self.text("zh")

    @property
    def en(self) -> str:
        """The sentence in English."""
        return self.text("en")

    def text(self, language: str) -> str:
        """The sentence in `zh` or, for anything else, English."""
        chinese = language.startswith("zh")
        template = TEXTS[self.code][0 if chinese else 1]
        return template.format(**{k: _shown(v, chinese) for k, v in self.params.items()})


def _shown(value: Any, chinese: bool) -> Any:
    if isinstance(value, Both):
        return value.zh if chinese else value.en
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else value


def quoted(value: object, length: int = 40) -> str:
    """A value short enough to stand inside a sentence."""
    text = " ".join(str(value).split())
    return text if len(text) <= length else text[: length - 1] + "…"
