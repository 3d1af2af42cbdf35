"""Files as answers: the header that names them, in any script."""

from __future__ import annotations

from urllib.parse import quote

SAFE = "!#$&+-.^_`|~"
"""What stands for itself in an extended parameter (RFC 8187), beside letters and digits."""


def disposition(name: str, *, inline: bool = False) -> str:
    """The Content-Disposition of a file. Headers hold Latin letters only, so that a name in another script is written
    twice: percent-encoded for browsers, and as far as it is plain for the rest."""
    how = "inline" if inline else "attachment"
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    if plain == name:
        return f'{how}; filename="{plain}"'
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=SAFE)}"
