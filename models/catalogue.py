"""The record types that ship with the product."""

from __future__ import annotations

from models import checks, leaving, new_address, registry, schema, set_change, signers_before, turns_before
from models.access_request import document as access_request
from models.access_request import raising
from models.access_request import service as access_request_service
from models.change_report import document as change_report
from models.change_report import service as change_report_service
from models.complaint import document as complaint
from models.complaint import service as complaint_service
from models.contract import document as contract
from models.contract import service as contract_service
from models.credit_report import document as credit_report
from models.credit_report import service as credit_report_service
from models.customer import document as customer
from models.customer import service as customer_service
from models.customer_change import document as customer_change
from models.customer_change import service as customer_change_service
from models.declarations import RecordType
from models.destruction import document as destruction
from models.destruction import former as destruction_former
from models.destruction import former_copies
from models.destruction import service as destruction_service
from models.leak import document as leak
from models.leak import service as leak_service
from models.person import changes
from models.registry import Hooks
from models.reminder import former as messages_before
from models.review import document as review
from models.review import service as review_service
from models.revisit import document as revisit
from models.revisit import service as revisit_service
from models.secrecy_change import document as secrecy_change
from models.secrecy_change import service as secrecy_change_service
from models.service_report import document as service_report
from models.service_report import service as service_report_service

SHIPPED: tuple[tuple[RecordType, Hooks], ...] = (
    (customer.CUSTOMER, customer_service.HOOKS),
    (credit_report.CREDIT_REPORT, credit_report_service.HOOKS),
    (contract.CONTRACT, contract_service.HOOKS),
    (complaint.COMPLAINT, complaint_service.HOOKS),
    (revisit.REVISIT, revisit_service.HOOKS),
    (review.REVIEW, review_service.HOOKS),
    (customer_change.CUSTOMER_CHANGE, customer_change_service.HOOKS),
    (change_report.CHANGE_REPORT, change_report_service.HOOKS),
    (service_report.SERVICE_REPORT, service_report_service.HOOKS),
    (access_request.ACCESS_REQUEST, access_request_service.HOOKS),
    (secrecy_change.SECRECY_CHANGE, secrecy_change_service.HOOKS),
    (leak.LEAK, leak_service.HOOKS),
    (destruction.DESTRUCTION, destruction_service.HOOKS),
)


def load() -> None:
    """Put the shipped record types into force; loading again changes nothing.

    :raises WrongDeclarations: and none is in force, when one of them makes no sense.
    """
    checks.require(rt for rt, _ in SHIPPED)
    for rt, hooks in SHIPPED:
        register(rt, hooks)


def register(rt: RecordType, hooks: Hooks | None = None) -> None:
    """Put a type into force, with what follows when one of its records gets another level: for what hangs on it (X1),
    and for cards (X4)."""
    registry.register(rt, _with_what_follows(rt, hooks or Hooks()))


def put_by(rt: RecordType, unread: frozenset[str] = frozenset()) -> None:
    """Take a stored type out of force, and keep its declaration for what follows from others (`registry.put_by`)."""
    registry.put_by(rt, _with_what_follows(rt, Hooks()), unread)


def _with_what_follows(rt: RecordType, hooks: Hooks) -> Hooks:
    return set_change.following(rt, raising.guarded(rt, hooks))


schema.bring_up(turns_before.name_departments)
schema.bring_up(turns_before.close_to_unasked)
schema.bring_up(signers_before.note_signers)
schema.bring_up(leaving.note_former)
schema.bring_up(leaving.note_former_writers)
schema.bring_up(messages_before.note_reminders)
changes.when_address_changes(new_address.tell)
schema.bring_up(destruction_former.take_words_out)
schema.bring_up(former_copies.take_copies_out)
schema.bring_up(destruction_former.stand_by_proposals)
