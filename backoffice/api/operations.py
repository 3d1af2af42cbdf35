"""The operations of the OpenAPI document that belong to a type."""

from __future__ import annotations

from backoffice.api import schemas
from backoffice.api.elements import (
    Json,
    Words,
    answer,
    header,
    if_match,
    key,
    number,
    one_of,
    operation,
    problem,
    query,
    ref,
)
from models import access, listing
from models.declarations import Field, RecordType, Transition
from models.kinds import kind_of
from models.listing import address
from models.listing.written import CONTROLS, SAME

# --- lists


def listing_parameters(words: Words, visible: tuple[Field, ...]) -> list[Json]:
    """Search, sort, pages, columns, and a filter for each field that may be filtered."""
    known = listing.queryable(words.rt, visible)
    sortable = [name for name, field in known.items() if listing.sortable(field)]
    columns = "|".join(f.name for f in visible)
    made = [
        query("q", {"type": "string", "maxLength": 100}, words.text("搜索", "Words to search for")),
        query(
            "sort",
            {"type": "string", "enum": [s + name for name in sortable for s in ("", "-")]},
            words.text("排序字段；前加 - 为降序", "The field to sort by; with - before it, the other way round"),
        ),
        query("show", {"type": "integer", "enum": list(address.PAGE_SIZES)}, words.text("每页条数", "Records a page")),
        query("after", {"type": "string", "maxLength": 2000}, words.text("下一页的标记", "The `next` of a page")),
        query("before", {"type": "string", "maxLength": 2000}, words.text("上一页的标记", "The `previous` of a page")),
        query("archived", {"type": "string", "enum": ["0", "1"]}, words.text("1：只列已归档", "1: archived ones")),
        query(
            "columns",
            {"type": "string", "pattern": f"^(({columns})(,({columns}))*)?$", "maxLength": 1000},
            words.text("返回哪些字段，用逗号分隔", "The fields to answer with, between commas"),
        ),
        query(
            "where",
            {"type": "string", "maxLength": 4000},
            words.text(
                f"条件组：any(…)、all(…)；问号后的全部内容编码后最多 {address.LONGEST_ADDRESS} 字节",
                f"Groups: any(…), all(…). All behind the question mark takes {address.LONGEST_ADDRESS} bytes at most",
            ),
        ),
    ]
    return made + [_filter(words, field) for field in known.values() if field.filterable]


def _filter(words: Words, field: Field) -> Json:
    operators = " ".join(f"{one}:" for one in kind_of(field).operators)
    text = f"{field.label.text(words.language)}. {operators}"
    return query((SAME if field.name in CONTROLS else "") + field.name, {"type": "string", "maxLength": 300}, text)


RECEIPT = ("凭借阅卡带出时的回执号", "The number of the receipt, for what leaves under a borrowing card")
UNREADABLE = (
    "无法读取（密钥已销毁或数据损坏）、在此为空的内容",
    "What cannot be read, for its key was destroyed or it is damaged, and is null here",
)
UNREADABLE_ONES: Json = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["number", "field"],
        "properties": {"number": {"type": "string"}, "field": {"type": "string"}},
    },
}


def list_page(words: Words, visible: tuple[Field, ...]) -> Json:
    """A page of records."""
    rows = [ref(f"{words.rt.slug}.row"), *([ref(f"{words.rt.slug}.card")] if _has_card(words.rt) else [])]
    token = {"type": ["string", "null"]}
    empty = words.text("涉密记录在列表中为空的字段", "The fields that lists leave empty for classified records")
    page = {
        "type": "object",
        "required": ["items", "left_empty", "unreadable", "next", "previous"],
        "properties": {
            "items": {"type": "array", "items": one_of(rows)},
            "left_empty": {"type": "array", "items": {"type": "string"}, "description": empty},
            "unreadable": UNREADABLE_ONES | {"description": words.text(*UNREADABLE)},
            "next": token,
            "previous": token,
        },
    }
    link = {"Link": {"schema": {"type": "string"}, "description": 'rel="next", rel="prev"'}}
    done = {"200": answer(words.text("一页记录", "A page"), page, headers=link)}
    summary = words.text("列出{}", "List: {}")
    return operation(words, "list", summary, listing_parameters(words, visible), done)


def _has_card(rt: RecordType) -> bool:
    return any(f.card for f in rt.fields) or access.shows_cards(rt)


# --- one record


def reading(words: Words) -> Json:
    """Read one."""
    shown = [ref(words.rt.slug), *([ref(f"{words.rt.slug}.card")] if _has_card(words.rt) else [])]
    text = words.text("上次读取时的 ETag；没有变化时回答 304", "The ETag of the last time; 304 when nothing changed")
    known = header("If-None-Match", {"type": "string"}, text)
    receipt = {"schema": {"type": "string"}, "description": words.text(*RECEIPT)}
    told = {"ETag": {"schema": {"type": "string"}}, "Receipt": receipt}
    done = {
        "200": answer(words.text("记录；无权查看全文时为卡片", "The record, or its card"), one_of(shown), headers=told),
        "304": {"description": words.text("没有变化", "Not changed")},
    }
    return operation(words, "get", words.text("读取{}", "Get: {}"), [number(words), known], done)


def is_changed(rt: RecordType) -> bool:
    """Whether anybody changes fields of records of a type: by the right to edit, or to raise their level (X2)."""
    return bool(rt.rights.edit) or rt.classified


def creation(words: Words, body: Json) -> Json:
    """Make one."""
    slug = words.rt.slug
    told = {"Location": {"schema": {"type": "string"}}}
    links: Json = {
        name: {"operationId": f"{slug}.{name}", "parameters": {"number": "$response.body#/number"}}
        for name in ("get", "history", *(["change"] if is_changed(words.rt) else []))
    }
    if words.rt.rights.archive:
        rev = {"requestBody": {"rev": "$response.body#/rev"}}
        links["archive"] = {"operationId": f"{slug}.archive", "parameters": links["get"]["parameters"], **rev}
    done = {"201": answer(words.text("已新建", "Made"), ref("written"), headers=told, links=links)}
    return operation(words, "create", words.text("新建{}", "Create: {}"), [key(words)], done, write=True, body=body)


def change(words: Words, body: Json) -> Json:
    """Change some fields of one."""
    parameters = [number(words), if_match(words), key(words)]
    summary = words.text("修改{}", "Change: {}")
    return operation(words, "change", summary, parameters, _versioned(words), write=True, body=body)


def archiving(words: Words, what: str) -> Json:
    """Archive or restore one."""
    texts = {"archive": ("归档{}", "Archive: {}"), "restore": ("恢复{}", "Restore: {}")}
    parameters = [number(words), if_match(words), key(words)]
    done = _versioned(words)
    return operation(words, what, words.text(*texts[what]), parameters, done, write=True, body=schemas.ARCHIVING[what])


def merging(words: Words, body: Json) -> Json:
    """Merge another one into this one."""
    told = words.text(
        "with 指定的记录并入本记录：其编号通向本记录，指向它的记录改为指向本记录。picks 按字段指明保留哪一方的值。",
        "The record `with` goes into this one: its number leads here, and so does what pointed to it. `picks` says by "
        "field whose value stays.",
    )
    parameters = [number(words), if_match(words), key(words)]
    summary = words.text("合并{}", "Merge: {}")
    done = {**_versioned(words), "200": _merged(words)}
    made = operation(words, "merge", summary, parameters, done, write=True, body=body)
    return {**made, "description": told}


def unmerging(words: Words) -> Json:
    """Take a merge into this one back."""
    told = words.text(
        "回答恢复为独立记录的那一份；合并之后有修改的不能撤销。",
        "Answers the record that is one of its own again. Not once somebody has changed one of the two.",
    )
    summary = words.text("撤销合并：{}", "Take a merge back: {}")
    done = {"200": _merged(words)}
    body = schemas.UNMERGE_BODY
    made = operation(words, "unmerge", summary, [number(words), key(words)], done, write=True, body=body)
    return {**made, "description": told}


def _merged(words: Words) -> Json:
    return answer(words.text("已保存", "Stored"), ref("written"), headers=_passed_over(words))


def _passed_over(words: Words) -> Json:
    """The header that tells what a merge did not reach."""
    zh = (
        "指向它而无法打开、未处理的记录，形如 类型/编号，以“, ”分隔，最多列出 20 个，"
        "其余以 and N more 计数（每种类型至多计到 1000）；末尾的 still moving 表示引用超过 300 条、仍在转移，"
        "完成后请在记录历史（history）的同名标头中查看"
    )
    en = (
        "Records that point there and could not be opened, as `type/number`, between `, `: the first 20, then "
        "`and N more` (1,000 of a type are counted at most). With `still moving` at the end, as more than 300 records "
        "point there, it is not known yet: once they are moved, the same header of the record's history names them"
    )
    return {"Passed-Over": {"schema": {"type": "string"}, "description": words.text(zh, en)}}


def action(words: Words, move: Transition, body: Json) -> Json:
    """Make a move of the workflow."""
    label = move.label.text(words.language)
    signed = words.text("（须本人在页面签署，令牌不能执行）", " (a signature: given on the screens only)")
    made = operation(
        words,
        f"act.{move.name}",
        label + (signed if move.signature else ""),
        [number(words), if_match(words), key(words)],
        _versioned(words),
        write=True,
        body=body,
    )
    return {**made, "description": move.help.text(words.language)} if move.help else made


def _versioned(words: Words) -> Json:
    return {
        "200": answer(words.text("已保存", "Stored"), ref("written")),
        **{str(code): problem(code) for code in (412, 428)},
    }


def history(words: Words) -> Json:
    """What happened to one."""
    by = schemas.nullable(schemas.PERSON)
    text, anything = {"type": ["string", "null"]}, Json()
    changed = schemas.closed({"field": {"type": "string"}, "before": anything, "after": anything})
    row = schemas.closed(
        {
            "rev": {"type": "integer"},
            "at": schemas.MOMENT,
            "by": by,
            "action": {"type": "string"},
            "note": text,
            "changes": {"type": "array", "items": changed},
        }
    )
    page = schemas.closed({"items": {"type": "array", "items": row}, "next": {"type": ["integer", "null"]}})
    more = {"headers": _passed_over(words)} if words.rt.rights.merge else {}
    done = {"200": answer(words.text("历史", "History"), page, **more)}
    told = words.text("只要此版本之前的，即上一页的 next", "Only versions in front of this one: the `next` of a page")
    before = query("before", {"type": "integer", "minimum": 1, "maximum": 999_999_999}, told)
    return _reading(words, "history", words.text("{}的历史", "History: {}"), done, before)


def actions(words: Words) -> Json:
    """The moves that are possible now."""
    names = {"type": "array", "items": {"type": "string"}}
    item = schemas.closed(
        {
            "name": {"type": "string"},
            "label": {"type": "string"},
            "asks": names,
            "needs": names,
            "reason": {"type": "boolean"},
            "signature": {"type": "boolean"},
            "target": {"type": "string"},
        }
    )
    body = schemas.closed({"rev": {"type": "integer"}, "items": {"type": "array", "items": item}})
    done = {"200": answer(words.text("可执行的动作", "Moves that are possible now"), body)}
    return _reading(words, "actions", words.text("{}可执行的动作", "Possible moves: {}"), done)


def download(words: Words) -> Json:
    """The content of an attached file."""
    text = words.text("附件的标识，见记录的字段", "The id of the file, as the record has it")
    file_id = {"name": "file_id", "in": "path", "required": True, "schema": schemas.ID, "description": text}
    content: Json = {"*/*": {"schema": {}}}
    anything: Json = {"schema": {"type": "string"}}
    told = {"Accept-Ranges": anything, "ETag": anything}
    held, part = (
        words.text("已有文件的 ETag", "The ETag of what you have"),
        words.text("要哪一部分", "Which part of it"),
    )
    done = {
        "200": {"description": words.text("文件内容", "The content"), "content": content, "headers": told},
        "206": {
            "description": words.text("文件的一部分", "A part of the content"),
            "content": content,
            "headers": {**told, "Content-Range": anything},
        },
        "304": {"description": words.text("没有变化", "Not changed")},
        "416": problem(416),
    }
    asked = [header(name, {"type": "string"}, held) for name in ("If-None-Match", "If-Range")]
    asked.append(header("Range", {"type": "string"}, part))
    made = _reading(words, "file", words.text("下载附件：{}", "Attached file: {}"), done, *asked)
    return {**made, "parameters": [*made["parameters"], file_id]}


def _reading(words: Words, name: str, summary: str, done: Json, *parameters: Json) -> Json:
    made = operation(words, name, summary, [number(words), *parameters], done)
    made["responses"]["403"] = problem(403)
    return made
