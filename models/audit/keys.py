"""The key that signs checkpoints: Ed25519, in a file that only its owner reads, or given from outside.

Public keys are written as 44 characters of base64: short enough to be noted on paper, which is where an auditor's copy
belongs.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from config.files import whole

CURRENT, BEFORE = "audit-key.pem", "audit-key.previous.pem"


class KeyUnreadable(Exception):
    """The signing key cannot be read or made; the text says why and holds nothing of the key."""


class BadKey(Exception):
    """What was given as a public key is none."""


@dataclass(frozen=True)
class KeySource:
    """Where the signing key comes from: `given` (PEM text, from the environment), else the file `path`, which is made
    when it is not there. `before` is the key that was in force before, given the same way; it vouches for this one."""

    path: Path
    given: str = ""
    given_before: str = ""
    makes: bool = True

    @property
    def path_before(self) -> Path:
        """Where the key before lies until it has vouched for the present one."""
        return self.path.with_name(BEFORE)

    def current(self) -> Ed25519PrivateKey:
        """The key in force. :raises KeyUnreadable:"""
        if self.given:
            return _private(self.given.encode(), "AUDIT_KEY")
        if self.makes and not self.path.exists():
            _make(self.path)
        return _private(_bytes(self.path), str(self.path))

    def before(self) -> Ed25519PrivateKey | None:
        """The key before, None when there is none at hand. :raises KeyUnreadable:"""
        if self.given_before:
            return _private(self.given_before.encode(), "AUDIT_KEY_PREVIOUS")
        if self.given or not self.path_before.exists():
            return None
        return _private(_bytes(self.path_before), str(self.path_before))

    def vouched(self, public: str) -> None:
        """The key of this public half has signed and is the present one: the private half of the one before is removed,
        if it lies in our file. What a change of key that broke off half-way left there is the present key itself, and
        stays for the next change; a change that began since the signature is left alone."""
        if not self.given and public_text(self.current()) == public and self._is_changing():
            self.path_before.unlink(missing_ok=True)

    def replace(self) -> str:
        """Make a new key and put the present one beside it, until the sealer lets it vouch for the new one.

        :return: the new public key.
        :raises KeyUnreadable: the key comes from outside, or the one before has not vouched yet.
        """
        if self.given or not self.makes:
            raise KeyUnreadable(
                "the key is given from outside: set AUDIT_KEY to a new one and AUDIT_KEY_PREVIOUS to it"
            )
        # A file that is there stays: of two changes at once, or after one that broke off, both begin with one key.
        _write(self.path_before, _pem(self.current()), keep=True)
        if self._is_changing():
            raise KeyUnreadable("the last change of key is not finished: the scheduler has to sign it first")
        made = Ed25519PrivateKey.generate()
        _write(self.path, _pem(made))
        return public_text(made)

    def _is_changing(self) -> bool:
        """Whether another key than the present one lies in the file of the key before."""
        before = self.before()
        return before is not None and public_text(before) != public_text(self.current())


def public_text(key: Ed25519PrivateKey) -> str:
    """The public half as base64."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def sign(key: Ed25519PrivateKey, message: bytes) -> str:
    """The signature of a message as base64."""
    return base64.b64encode(key.sign(message)).decode()


def is_signed(public: str, message: bytes, signature: str) -> bool:
    """Whether the owner of a public key signed the message; False for anything that is no key or no signature."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def check_public(text: str) -> str:
    """A public key as given by a person. :raises BadKey:"""
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadKey(f"{text[:60]!r} is no public key: 44 characters, as 'backoffice audit key' prints them") from error
    return text.strip()


def _private(pem: bytes, where: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError) as error:
        raise KeyUnreadable(f"{where}: holds no private key in PEM form without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnreadable(f"{where}: is no Ed25519 key (openssl genpkey -algorithm ed25519)")
    return key


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyUnreadable(f"{path} cannot be read: {error.strerror}") from error


def _make(path: Path) -> None:
    """Make the first key; of two processes at once one wins, and both use it."""
    _write(path, _pem(Ed25519PrivateKey.generate()), keep=True)


def _write(path: Path, content: bytes, *, keep: bool = False) -> None:
    """Write a file whole. With `keep`, a file that is there stays."""
    try:
        with whole(path, keep=keep) as file:
            file.write(content)
    except OSError as error:
        raise KeyUnreadable(f"{path} cannot be written: {error.strerror}") from error
