"""Small files with the oddities of real ones, made where they are needed."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

from models.errors import Refusal
from models.exchange.reading import open_table
from models.exchange.table import Limits, Row, Table

RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


OPENED: list[Table] = []


def table(data: bytes | str, filename: str = "a.csv", limits: Limits | None = None, **choices: Any) -> Table:
    """The table in these bytes; text is UTF-8. It is closed after the test."""
    content = data.encode() if isinstance(data, str) else data
    opened = open_table(io.BytesIO(content), filename, limits or Limits(), **choices)
    OPENED.append(opened)
    return opened


def rows(data: bytes | str, limits: Limits | None = None, **choices: Any) -> list[Row]:
    """All rows below the heading."""
    return list(table(data, limits=limits, **choices).rows())


def cells(data: bytes | str, **choices: Any) -> list[tuple[Any, ...]]:
    """The cells of rows that have no problem."""
    return [row.cells for row in rows(data, **choices) if row.problem is None]


def problems(data: bytes | str, **choices: Any) -> dict[int, str]:
    """Row number to problem code."""
    return {row.number: row.problem.code for row in rows(data, **choices) if row.problem is not None}


def refusal(action: Callable[[], Any]) -> Refusal | None:
    """How an action is refused, None when it is not."""
    try:
        action()
    except Refusal as refused:
        return refused
    return None


def refused(data: bytes | str, filename: str = "a.xlsx", **choices: Any) -> str:
    """The code of the refusal when the file is read to its end; empty when it is read."""
    found = refusal(lambda: list(table(data, filename, **choices).rows()))
    return found.code if found else ""


def xlsx(
    *sheets: str,
    shared: str = "",
    formats: str = "",
    book: str = "",
    extra: dict[str, bytes] | None = None,
    states: tuple[str, ...] = (),
) -> bytes:
    """An XLSX file from the XML of its sheets' rows. `formats`: `numFmt` elements 200, 201, ...; style n uses the
    (n - 1)th of them, style 0 none."""
    count = formats.count("<numFmt ")
    styles = "".join(f'<xf numFmtId="{200 + n}"/>' for n in range(count))
    names = range(1, len(sheets) + 1)
    hidden = dict(enumerate(states, 1))
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": "<Types/>",
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{book}<sheets>'
        + "".join(f'<sheet name="S{n}" sheetId="{n}" state="{hidden.get(n, "visible")}" r:id="rId{n}"/>' for n in names)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        + "".join(
            f'<Relationship Id="rId{n}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{n}.xml"/>' for n in names
        )
        + f'<Relationship Id="rIdS" Type="{RELATIONS}/styles" Target="styles.xml"/>'
        + f'<Relationship Id="rIdT" Type="{RELATIONS}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet><numFmts>{formats}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>'
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f"<sst>{shared}</sst>",
    }
    for number, sheet in zip(names, sheets, strict=True):
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="{MAIN}"><dimension ref="A1:B2"/>'
            f"<sheetData>{sheet}</sheetData></worksheet>"
        )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (parts | (extra or {})).items():
            archive.writestr(name, content)
    return made.getvalue()


def text_row(number: int, *texts: str) -> str:
    """A row of inline texts."""
    return f'<row r="{number}">' + "".join(f'<c t="inlineStr"><is><t>{t}</t></is></c>' for t in texts) + "</row>"


def formats(*codes: str) -> str:
    """`numFmt` elements for these codes."""
    return "".join(f'<numFmt numFmtId="{200 + n}" formatCode="{code}"/>' for n, code in enumerate(codes))
