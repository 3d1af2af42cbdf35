"""What is told of a check, and when anew: values in, texts out."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from models.audit import Verdict
from models.person.roles import Role

JOB = "audit_check"
TOLD = (Role.ADMINISTRATOR, Role.AUDITOR, Role.HEAD)
SHOWN = 20
"""So many findings are kept in words; `audit verify` says all of them."""


def alarming(verdict: Verdict, *, one_folder: bool) -> tuple[str, ...]:
    """The findings that people are told. Without `one_folder` schedulers on other machines write checkpoints as well,
    into folders of their own: then those that lack here say nothing."""
    if one_folder:
        return verdict.findings
    return tuple(one for one in verdict.findings if one not in verdict.unfiled)


def digest(findings: Sequence[str]) -> str:
    """What tells one set of findings from another: the same ones are told once."""
    return hashlib.sha256("\n".join(sorted(findings)).encode()).hexdigest()[:32]


def message(count: int) -> tuple[str, str]:
    """Subject and text of the email about findings, in both languages. It holds no finding: email is unprotected."""
    text = (
        f"审计记录的每日核查发现 {count} 处不符：记录可能被篡改。请管理员运行 backoffice audit verify 查看明细，"
        "保存好核查点文件，并查明原因。\n\n"
        f"The daily check of the audit trail found {count} places that do not fit: it may have been tampered with. "
        "'backoffice audit verify' names each. Keep the checkpoint files safe and find out why.\n"
    )
    return "审计记录核查不符 The audit trail does not fit", text
