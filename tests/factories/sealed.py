"""Stored documents as they are under their seals: the same value is sealed differently each time."""

from __future__ import annotations

from typing import Any

from models.key_vault import service as keys


def unsealed(value: Any) -> Any:
    """A stored value with everything in it opened."""
    if keys.is_sealed(value):
        return ("sealed", keys.unseal_value(value))
    if isinstance(value, dict):
        return {name: unsealed(one) for name, one in value.items()}
    return [unsealed(one) for one in value] if isinstance(value, list) else value
