"""The departments of the house, for accounts, filters and texts alike: plain data."""

from __future__ import annotations

from models.declarations import Choice, Label

HOUSE: tuple[tuple[str, Label], ...] = (
    ("service", Label("客服部", "Customer service")),
    ("sales", Label("市场部", "Sales")),
    ("finance", Label("财务部", "Finance")),
    ("legal", Label("法务部", "Legal")),
    ("management", Label("总经办", "Management")),
    ("audit", Label("审计部", "Audit")),
    ("it", Label("信息技术部", "IT")),
)
"""Code and name."""

CHOICES = tuple(Choice(code, label) for code, label in HOUSE)
"""The same, for fields that hold a department's code."""
