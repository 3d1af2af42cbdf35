"""The fixed parts of an XLSX file around its sheets, and text as its XML holds it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

CELL_UNITS = 32_767

_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_SURROGATES = re.compile(r"[\ud800-\udfff]")

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELATION_TYPE = "application/vnd.openxmlformats-package.relationships+xml"

SHEET_START = (
    f'{_DECLARATION}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
)
# Format, font and mark of each style, in the order of `xlsx_writing`'s style numbers.
_CELL_STYLES = (
    (0, 0, ""),
    (49, 1, ""),
    (49, 0, ""),
    (49, 0, ' quotePrefix="1"'),
    (164, 0, ""),
    (165, 0, ""),
    (166, 0, ""),
    (4, 0, ""),
)
_FORMATS = {164: "yyyy\\-mm\\-dd", 165: "yyyy\\-mm\\-dd\\ hh:mm:ss", 166: "hh:mm:ss"}


def sheet_part(number: int) -> str:
    """Where the sheet with this number, from 1, stands in the archive."""
    return f"xl/worksheets/sheet{number}.xml"


def frame(names: Sequence[str]) -> dict[str, str]:
    """The parts around sheets with these names."""
    return {
        "[Content_Types].xml": _content_types(len(names)),
        "_rels/.rels": _relations([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": _workbook(names),
        "xl/_rels/workbook.xml.rels": _relations(
            [("worksheet", sheet_part(n).removeprefix("xl/")) for n in range(1, len(names) + 1)]
            + [("styles", "styles.xml")]
        ),
        "xl/styles.xml": _styles(),
    }


def _content_types(sheets: int) -> str:
    parts = {"xl/workbook.xml": "sheet.main", "xl/styles.xml": "styles"}
    parts |= {sheet_part(n): "worksheet" for n in range(1, sheets + 1)}
    made = "".join(f'<Override PartName="/{part}" ContentType="{_TYPES}.{kind}+xml"/>' for part, kind in parts.items())
    rels = f'<Default Extension="rels" ContentType="{_RELATION_TYPE}"/>'
    return f'{_DECLARATION}<Types xmlns="{_PACKAGE}/content-types">{rels}{made}</Types>'


def _relations(targets: Sequence[tuple[str, str]]) -> str:
    made = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(targets, 1)
    )
    return f'{_DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{made}</Relationships>'


def _workbook(names: Sequence[str]) -> str:
    sheets = "".join(
        f'<sheet name={quoteattr(clean(name))} sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, 1)
    )
    start = f'{_DECLARATION}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    return f"{start}<sheets>{sheets}</sheets></workbook>"


def _styles() -> str:
    formats = "".join(f'<numFmt numFmtId="{n}" formatCode="{code}"/>' for n, code in _FORMATS.items())
    styles = "".join(
        f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"'
        f' applyFont="1"{mark}/>'
        for number, font, mark in _CELL_STYLES
    )
    font = '<sz val="11"/><name val="Calibri"/>'
    return "".join(
        (
            f'{_DECLARATION}<styleSheet xmlns="{_MAIN}">',
            f'<numFmts count="{len(_FORMATS)}">{formats}</numFmts>',
            f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>',
            '<fills count="2"><fill><patternFill patternType="none"/></fill>',
            '<fill><patternFill patternType="gray125"/></fill></fills>',
            '<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>',
            '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>',
            f'<cellXfs count="{len(_CELL_STYLES)}">{styles}</cellXfs>',
            '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>',
        )
    )


def xml_text(text: str) -> str:
    """A cell's text: cut at the limit, characters that XML cannot hold written as the format's own
    escapes."""
    if len(text) * 2 > CELL_UNITS and len(text.encode("utf-16-le", "replace")) > CELL_UNITS * 2:
        cut = text.encode("utf-16-le", "replace")[: (CELL_UNITS - 1) * 2]
        text = cut.decode("utf-16-le", "ignore") + "…"
    return clean(escape(text))


def clean(text: str) -> str:
    """The text with what XML cannot hold written as the format's escapes, such as `_x000B_`."""
    text = _LOOKS_ESCAPED.sub("_x005F_", _SURROGATES.sub("\ufffd", text))
    text = text.replace("\r\n", "\n").replace("\r", "_x000D_")
    return _NOT_XML.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
