"""Views of the time when a department was typed: a piece of its code becomes the departments that have it."""

from __future__ import annotations

from config.database import database
from models import registry, sealing
from models.key_vault.refusals import Unopened
from models.listing import BadQuery, written
from models.listing.written import Branch, Leaf, Node, Pair
from models.person import departments
from models.saved_view.document import VIEWS

DEPARTMENT = "department"


def choose_departments() -> list[str]:
    """Let the addresses of such views ask by choice, for what they asked. What found nothing stays, and done again it
    changes nothing.

    :return: a line where there were any.
    """
    types = {rt.slug: rt for rt in registry.all_types()}
    done = 0
    for row in database()[VIEWS].find({"type": {"$in": list(types)}}, {"type": 1, "address": 1, "rev": 1}):
        try:
            address = sealing.address_in(row["address"])
        except Unopened:  # nobody opens it any more
            continue
        chosen = tuple(_chosen(pair) for pair in address)
        if chosen != address:
            kept = {"address": sealing.sealed_address(types[row["type"]], chosen)}
            done += database()[VIEWS].update_one({"_id": row["_id"], "rev": row["rev"]}, {"$set": kept}).modified_count
    return [f"let {done} saved views choose departments"] if done else []


def _chosen(pair: Pair) -> Pair:
    if not written.is_condition(pair[0]):
        return pair
    try:
        node = written.node_of(*pair)
    except BadQuery:
        return pair
    found = _by_choice(node)
    return pair if found == node else written.pair_of(found)


def _by_choice(node: Node) -> Node:
    if isinstance(node, Branch):
        return Branch(node.any, tuple(_by_choice(part) for part in node.parts))
    operator, _colon, typed = node.text.partition(":")
    piece = typed.strip()
    if node.name != DEPARTMENT or operator not in ("contains", "starts") or not piece:
        return node
    codes = [code for code, _label in departments.HOUSE if _had(code, operator, piece)]
    return Leaf(DEPARTMENT, f"any_of:{'|'.join(codes)}") if codes else node


def _had(code: str, operator: str, piece: str) -> bool:
    """Whether a typed piece found a department's code: its beginning as it is, or any piece of it in whatever case."""
    return code.startswith(piece) if operator == "starts" else piece.lower() in code
