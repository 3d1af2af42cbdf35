"""What the key vault refuses, and its outage."""

from __future__ import annotations

from models.errors import Outage, Refusal


class KeyGone(Refusal):
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
