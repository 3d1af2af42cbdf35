"""The words that describe a customer and its people: what their fields of choices offer."""

from __future__ import annotations

from models.describe import choice

SEXES = (choice("male", "男", "Male"), choice("female", "女", "Female"))
OWNERSHIPS = (
    choice("state", "国有", "State-owned"),
    choice("private", "民营", "Private"),
    choice("foreign", "外资", "Foreign-owned"),
    choice("joint", "合资", "Joint venture"),
    choice("collective", "集体", "Collective"),
    choice("individual", "个体工商户", "Sole trader"),
    choice("public", "机关及事业单位", "Public body"),
    choice("other", "其他", "Other"),
)
SIZES = (
    choice("large", "大型", "Large"),
    choice("medium", "中型", "Medium"),
    choice("small", "小型", "Small"),
    choice("micro", "微型", "Micro"),
)
POTENTIALS = (
    choice("high", "高", "High", "good"),
    choice("middle", "中", "Middle", "info"),
    choice("low", "低", "Low"),
)
ATTITUDES = (
    choice("keen", "积极", "Keen", "good"),
    choice("plain", "一般", "Plain"),
    choice("reluctant", "冷淡", "Reluctant", "warn"),
)
PERSON_PARTS = (
    choice("owner", "经营者", "Owner"),
    choice("manager", "管理者", "Manager"),
    choice("decider", "采购决策人", "Purchase decider"),
    choice("user", "使用部门", "User"),
    choice("finance", "财务", "Finance"),
    choice("other", "其他", "Other"),
)
