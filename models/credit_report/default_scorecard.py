"""The scorecard that a new installation starts with (C2). Names are the fields of the credit report."""

from __future__ import annotations

from typing import Any


def _band(points: int, zh: str, en: str, **rule: Any) -> dict[str, Any]:
    return {"points": points, "zh": zh, "en": en, **rule}


def _opinion(name: str, zh: str, en: str, weight: int) -> dict[str, Any]:
    bands = [
        _band(100, "良好", "good", **{"is": "good"}),
        _band(60, "一般", "fair", **{"is": "fair"}),
        _band(0, "较差", "poor", **{"is": "poor"}),
    ]
    return {"name": name, "zh": zh, "en": en, "weight": weight, "bands": bands}


DEFAULT_SCORECARD: dict[str, Any] = {
    "grades": {"A": 80, "B": 65, "C": 45},
    "criteria": [
        {
            "name": "on_time_percent",
            "zh": "按期付款比例（%）",
            "en": "Bills paid on time (%)",
            "weight": 25,
            "bands": [
                _band(100, "98% 以上", "98% or more", **{"from": 98}),
                _band(75, "90% 以上", "90% or more", **{"from": 90}),
                _band(40, "75% 以上", "75% or more", **{"from": 75}),
                _band(0, "不足 75%", "under 75%"),
            ],
        },
        {
            "name": "longest_overdue_days",
            "zh": "最长逾期（天）",
            "en": "Longest delay (days)",
            "weight": 15,
            "bands": [
                _band(0, "超过 90 天", "more than 90 days", cap="D", **{"from": 91}),
                _band(20, "31 至 90 天", "31 to 90 days", cap="C", **{"from": 31}),
                _band(60, "8 至 30 天", "8 to 30 days", **{"from": 8}),
                _band(100, "7 天以内", "7 days at most"),
            ],
        },
        {
            "name": "years_of_dealings",
            "zh": "往来年限",
            "en": "Years of dealings",
            "weight": 10,
            "bands": [
                _band(100, "5 年以上", "5 or more", **{"from": 5}),
                _band(70, "2 年以上", "2 or more", **{"from": 2}),
                _band(30, "不足 2 年", "under 2"),
            ],
        },
        {
            "name": "debt_ratio_percent",
            "zh": "资产负债率（%）",
            "en": "Debt to assets (%)",
            "weight": 15,
            "bands": [
                _band(0, "85% 以上", "85% or more", **{"from": 85}),
                _band(40, "70% 以上", "70% or more", **{"from": 70}),
                _band(75, "50% 以上", "50% or more", **{"from": 50}),
                _band(100, "不足 50%", "under 50%"),
            ],
        },
        {
            "name": "sales_growth_percent",
            "zh": "销售额同比（%）",
            "en": "Sales against the year before (%)",
            "weight": 10,
            "bands": [
                _band(100, "增长 10% 以上", "up by 10% or more", **{"from": 10}),
                _band(70, "持平或增长", "level or up", **{"from": 0}),
                _band(30, "下降不超过 20%", "down by 20% at most", **{"from": -20}),
                _band(0, "下降超过 20%", "down by more than 20%"),
            ],
        },
        _opinion("bank_opinion", "银行评价", "Bank's opinion", 10),
        _opinion("trade_opinion", "同业评价", "Opinion in the trade", 5),
        _opinion("visit_opinion", "实地走访印象", "Impression of the visit", 10),
    ],
}
