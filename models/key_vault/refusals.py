"""What the key vault refuses, and its outage."""

from __future__ import annotations

from models.declarations import Label
from models.errors import Outage, Refusal

UNREADABLE = Label("（无法读取）", "(cannot be read)")
"""Stands in lists and files for what cannot be opened."""


class Unopened(Refusal):
    """One sealed value cannot be read, now or later; others can."""

    code, status = "unopened", 410
    zh, en = "此内容无法读取。", "This content cannot be read."


class SealDamaged(Unopened):
    """Its key opens, but the value is not as it was sealed."""

    code, status = "seal_damaged", 500
    zh = "存储的内容已损坏，无法读取。请联系系统管理员从备份恢复。"
    en = "The stored content is damaged and cannot be read. An administrator can restore it from a backup."


class KeyGone(Unopened):
    """The key of the value was destroyed: nobody can read it any more."""

    code, status = "key_gone", 410
    zh, en = "此内容的密钥已销毁，无法再读取。", "The key of this content was destroyed: it cannot be read any more."


class KeysUnusable(Outage):
    """The master key is missing or not the one that the data keys were wrapped with; `reason` is for operators."""

    code = "keys_unusable"
    zh = "加密密钥暂不可用，未作任何更改。请联系系统管理员。"
    en = "The encryption keys cannot be used; nothing was changed. Please tell an administrator."

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__()

    def __str__(self) -> str:
        return self.reason


class KeyServiceAway(KeysUnusable):
    """The key service that wrapped the data keys does not open them now; what is not sealed goes on."""
