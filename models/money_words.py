"""Amounts of money in words, Chinese and English."""

from __future__ import annotations

from decimal import Decimal

from models.errors import Sentence


def money_text(amount: Decimal, currency: str = "CNY") -> Sentence:
    """An amount with thousands marks, and cents only where there are any: `120,000 元`, `CNY 120,000`."""
    whole = amount == amount.to_integral_value()
    number = f"{amount:,.0f}" if whole else f"{amount:,.2f}"
    return Sentence(f"{number} {'元' if currency == 'CNY' else currency}", f"{currency} {number}")
