"""Contracts of the demonstration, one or more in every state (K1-K6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from backoffice.demonstration.days import Days
from backoffice.demonstration.files import CUSTODIAN, HEAD, Drawer, File
from backoffice.demonstration.plan import Act, Made, Scan, Someone, Step
from config.policy import policy
from models.declarations import Level

FINANCE, LEGAL, MANAGER = "songqingping", "fangzhengyan", "gaozhanyuan"
PATH = ("create", "submit", "finance", "legal", "sign", "hand_in", "ask_loan", "lend", "give_back", "end")
SUBJECTS = ("年度供货合同", "设备采购合同", "维护服务合同", "框架合作协议", "仓储租赁合同", "技术改造合同")
TYPES = {"维护": "service", "框架": "framework", "仓储": "lease"}


@dataclass(frozen=True)
class Story:
    """How far a contract is: `until` its last move, which lies `back` working days before today.

    `borrower` takes the original out, for `loan` days from then, or until today; `ends` is the end in days from today.
    """

    until: str
    back: int
    level: Level = Level.INTERNAL
    seller: str = ""
    borrower: str = ""
    loan: int = 5
    until_today: bool = False
    ends: int = 300
    dispute: bool = False
    late_payment: bool = False


STORIES = (
    Story("create", 1),
    Story("create", 0),
    Story("create", 2, seller="qinshanhai"),
    Story("submit", 0),
    Story("submit", 1),
    Story("submit", 0, Level.SECRET),
    Story("submit", 0, seller="chengxiangyang"),
    Story("finance", 0),
    Story("finance", 1),
    Story("legal_first", 0),
    Story("legal_first", 1, Level.SECRET),
    Story("object", 2, seller="bairuoxi"),
    Story("object", 3),
    Story("legal", 1, seller="chengxiangyang"),
    Story("legal", 2, seller="qinshanhai"),
    Story("legal", 1),
    Story("sign", 0),
    Story("sign", 1),
    Story("sign", 3, Level.SECRET),
    Story("sign", 4, seller="bairuoxi"),
    *(Story("hand_in", 5 + 7 * n, ends=20 + 37 * n) for n in range(10)),
    *(Story("hand_in", 12 + 5 * n, late_payment=True, ends=90 + 20 * n) for n in range(3)),
    Story("hand_in", 30, Level.CONFIDENTIAL, ends=9),
    Story("hand_in", 45, Level.SECRET, dispute=True),
    Story("hand_in", 60, dispute=True, ends=-3),
    Story("hand_in", 16, Level.TOP_SECRET),
    Story("ask_loan", 0, borrower="linzhixia"),
    Story("ask_loan", 1, seller="chengxiangyang", borrower="chengxiangyang"),
    Story("ask_loan", 0, Level.SECRET, borrower=HEAD),
    Story("lend", 3, seller="bairuoxi", borrower="bairuoxi", until_today=True),
    Story("lend", 9, seller="qinshanhai", borrower="qinshanhai", loan=4),
    Story("lend", 6, borrower="gunanfeng", loan=3),
    Story("lend", 1, borrower="jiangyuan"),
    Story("give_back", 4, borrower="linzhixia", loan=3),
    Story("give_back", 8, borrower="jiangyuan", loan=5),
    Story("end", 10),
    Story("end", 25, Level.SECRET),
)


def steps(days: Days, drawer: Drawer) -> Iterator[Step]:
    """Every contract's story."""
    taken: set[str] = set()
    for place, story in enumerate(STORIES):
        wanted: dict[str, Any] = {"level": story.level} | ({"seller": story.seller} if story.seller else {})
        file = drawer.take(taken, days.back(story.back + 14), **wanted)
        yield from contract(f"k{place}", place, story, file, days)


def contract(key: str, place: int, story: Story, file: File, days: Days) -> Iterator[Step]:
    """One contract, from its draft to where it stands now."""
    act = partial(Act, slug="contract", key=key)
    moves = _moves_until(story.until)
    for left, move in zip(range(len(moves) - 1, -1, -1), moves, strict=True):
        at = days.back(story.back + left, _clock(left, move))
        if move == "ask_loan" and "lend" in moves:
            at = days.back(story.back + left - 1, "09:00")  # lent on the same day
        if move == "create":
            yield act(at, story.seller or file.owner, do="create", values=_terms(place, story, file, days))
            continue
        who, do, values = _move(move, at, place, story, file, days)
        yield act(at, who, do=do, values=values, note="合同履行完毕，双方确认" if move == "end" else "")
    if story.dispute:
        values = {"dispute": "open", "dispute_notes": "对方对第二批货物的验收结论有异议，已约定共同复检。"}
        yield act(days.back(max(story.back - 2, 0), "16:10"), file.owner, do="progress", values=values)


def _move(move: str, at: datetime, place: int, story: Story, file: File, days: Days) -> tuple[str, str, dict[str, Any]]:
    """Who makes a move, its name in the workflow, what is filled in on its sheet."""
    writer = story.seller or file.owner
    keeper = HEAD if story.level in (Level.CONFIDENTIAL, Level.TOP_SECRET) else CUSTODIAN
    top = story.level is Level.TOP_SECRET
    signed, back = at.date(), at.date() + timedelta(days=story.loan)
    if story.until_today:
        back = min(days.today, at.date() + timedelta(days=policy().contract.loan_days))
    shelf = {"cabinet": f"A-{place % 6 + 1}", "box": str(place)}
    scan = {"scans": Scan(f"{file.name}合同.pdf")} if place % 4 == 0 else {}
    opinion = "finance_agrees", "finance_opinion"
    objection = "违约金比例过高，付款节点须与交付对应。"
    moves: dict[str, tuple[str, str, dict[str, Any]]] = {
        "submit": (
            writer,
            "submit",
            {"finance_person": Someone(FINANCE), "legal_person": Someone(LEGAL)} if top else {},
        ),
        "finance": (FINANCE, "finance_review", dict(zip(opinion, (True, "付款条件与信用等级相符。"), strict=True))),
        "object": (FINANCE, "finance_review", dict(zip(opinion, (False, objection), strict=True))),
        "legal": (LEGAL, "legal_review", {"legal_agrees": True, "legal_opinion": "条款完备。"}),
        "sign": (writer, "sign", {"signed_on": signed, "starts_on": signed}),
        "hand_in": (keeper, "hand_in", {**shelf, "copies": str(1 + place % 3), "copies_place": "业务部档案柜"} | scan),
        "ask_loan": (story.borrower, "ask_loan", {"loan_reason": "客户到访，核对附件", "return_by": back}),
        "lend": (MANAGER, "lend", {}),
        "give_back": (keeper, "give_back", shelf),
        "end": (keeper, "end", {}),
    }
    return moves[move]


def _moves_until(until: str) -> tuple[str, ...]:
    """The moves of a story, in order."""
    if until == "object":
        return ("create", "submit", "object")
    if until == "legal_first":
        return ("create", "submit", "legal")
    if until == "end":
        return ("create", "submit", "finance", "legal", "sign", "hand_in", "end")
    return PATH[: PATH.index(until) + 1]


def _clock(left: int, move: str) -> str:
    return f"{9 + len(move) % 3}:{10 + 7 * (left % 5)}".rjust(5, "0")


def _terms(place: int, story: Story, file: File, days: Days) -> dict[str, Any]:
    subject = SUBJECTS[place % len(SUBJECTS)]
    amount = 36_000 + 17_500 * (place % 11)
    ends = days.day(story.ends)
    first: date = days.day(-6 if story.late_payment else 3 + 5 * (place % 5))
    return {
        "name": f"{file.name}{subject}",
        "customer": Made(file.key),
        "type": next((kind for word, kind in TYPES.items() if subject.startswith(word)), "sale"),
        "amount": str(amount),
        "payment": "prepaid",
        "subject": "按附件清单分批交付，质保十二个月；逾期交付按日万分之五计违约金。",
        "licence_no": (file.values or {}).get("licence_no") or f"境外注册 {file.key.upper()}-{place:03d}",
        "licence_until": days.day(900).isoformat(),
        "reputation": "同业评价良好，近两年无诉讼。",
        "results": "上年销售额稳中有升。",
        "answerable": Someone(story.seller or file.owner),
        "ends_on": ends.isoformat() if ends > days.today or story.ends < 0 else None,
        "deliveries": [{"what": "首批货物", "due": first.isoformat()}],
        "payments": [
            {"what": "预付款", "due": first.isoformat(), "amount": str(amount * 3 // 10)},
            {"what": "尾款", "due": days.day(60).isoformat(), "amount": str(amount - amount * 3 // 10)},
        ],
    }
