"""Texts of their own form: long ones, email addresses, phone numbers, links."""

from __future__ import annotations

import re
import unicodedata

from models.declarations import Field
from models.kinds.base import Kind, Unreadable


class LongText(Kind):
    name = "long_text"
    operators = ("contains", "empty", "filled")
    sortable = False

    def read_text(self, field: Field, text: str) -> str:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.check_length(field, text)
        return text


class Email(Kind):
    name = "email"

    def read_text(self, field: Field, text: str) -> str:
        text = text.lower()
        if not re.fullmatch(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,190}\.[^@\s<>\".]{2,60}", text):
            raise Unreadable("邮箱格式应如 name@example.com。", "An email address looks like name@example.com.")
        return text


class Phone(Kind):
    name = "phone"

    def read_text(self, field: Field, text: str) -> str:
        text = unicodedata.normalize("NFKC", " ".join(text.split()))
        digits = re.sub(r"\D", "", text)
        if not 5 <= len(digits) <= 20 or not re.fullmatch(r"[\d\s()+\-./,;#*转xextEXT]{5,60}", text):
            raise Unreadable(
                "电话应为 5 至 20 位数字，可含空格、括号和连字符。",
                "A phone number has 5 to 20 digits; blanks, brackets and hyphens are fine.",
            )
        return text


class Link(Kind):
    name = "link"
    operators = ("contains", "is", "is_not", "empty", "filled")

    def read_text(self, field: Field, text: str) -> str:
        if not re.fullmatch(r"https?://[^\s<>\"']{3,1000}", text):
            raise Unreadable("网址应以 http:// 或 https:// 开头。", "A link starts with http:// or https://.")
        return text
