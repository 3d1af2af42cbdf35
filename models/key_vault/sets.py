"""Many values sealed or opened in one run of the encryption library: half the time of one by one.

`ClientEncryption` takes single values. The library beneath it takes whole documents, which here are lists of values, as
for the driver's automatic encryption; what it seals is the same. It has the master keys that this process holds and
asks no key service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from bson import Binary, CodecOptions, decode, encode
from bson.raw_bson import RawBSONDocument
from pymongocrypt.errors import MongoCryptError
from pymongocrypt.options import MongoCryptOptions
from pymongocrypt.synchronous.auto_encrypter import AutoEncrypter
from pymongocrypt.synchronous.state_machine import MongoCryptCallback

from models.key_vault.keyring import Keyring

SEALED = 6
"""The subtype of a sealed value among the database's binary ones, and of what the library is to seal."""
RANDOM_NUMBER = 2
"""The library's number of the algorithm `AEAD_AES_256_CBC_HMAC_SHA_512-Random`."""
BASE, COLLECTION = "sets", "values"
MOST_KEYS = 100
"""So many keys one of them is used for: the library walks them all for each value."""


class _Answers(MongoCryptCallback):
    """What the library asks on its way: keys, from the keyring; and what of a set is to be sealed, which is all."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring

    def fetch_keys(self, filter: bytes) -> Iterator[Any]:  # noqa: A002 - so the library calls it
        with self.keyring.find(decode(filter)) as rows:
            for row in rows:
                yield row.raw

    def mark_command(self, _database: str, command: bytes) -> bytes:
        marked = {"insert": COLLECTION, "documents": RawBSONDocument(command)["documents"]}
        return encode({"ok": 1, "hasEncryptedPlaceholders": True, "schemaRequiresEncryption": True, "result": marked})

    def kms_request(self, _context: Any) -> None:
        raise MongoCryptError("a key that a service wrapped is opened for single values")

    def collection_info(self, _database: str, _filter: bytes) -> None:
        """What the schema says is told beforehand."""

    def insert_data_key(self, _key: bytes) -> Any:
        raise MongoCryptError("no key is made for a set")

    def bson_encode(self, document: Mapping[str, Any]) -> bytes:
        return encode(document)

    def close(self) -> None:
        """Nothing is held."""


class Sets:
    """Seals and opens lists of values under one state of the master keys. Safe for threads."""

    def __init__(self, providers: Mapping[str, Any], keyring: Keyring, codec: CodecOptions[Any], kept: float) -> None:
        told: dict[str, Any] = {"bsonType": "binData", "algorithm": "AEAD_AES_256_CBC_HMAC_SHA_512-Random"}
        schema = {"bsonType": "object", "properties": {"v": {"encrypt": {**told, "keyId": [Binary(bytes(16), 4)]}}}}
        options = MongoCryptOptions(
            dict(providers),
            schema_map=encode({f"{BASE}.{COLLECTION}": schema}),
            bypass_encryption=True,  # no library that tells which values are to be sealed: that is known
            key_expiration_ms=int(kept * 1000),
        )
        self._library = AutoEncrypter(_Answers(keyring), options)
        self._codec = codec
        self._keys: frozenset[bytes] = frozenset()

    def takes(self, keys: frozenset[bytes]) -> bool:
        """Whether it is quick still with these keys beside those that it has; they count from now on."""
        both = self._keys | keys
        if self._keys and len(both) > MOST_KEYS:
            return False
        self._keys = both
        return True

    def open(self, sealed: Sequence[Binary]) -> list[Any]:
        """The values. :raises MongoCryptError: at least one of them cannot be opened."""
        found = self._library.decrypt(encode({"v": sealed}))
        values: list[Any] = decode(found, codec_options=self._codec)["v"]
        return values

    def seal(self, wanted: Sequence[tuple[Any, UUID]]) -> list[Binary]:
        """Values sealed each under its key. :raises MongoCryptError: at least one key cannot be used."""
        marked = [self._marked(value, key) for value, key in wanted]
        command = encode({"insert": COLLECTION, "documents": [{"v": marked}]})
        found = decode(self._library.encrypt(BASE, command))
        sealed: list[Binary] = found["documents"][0]["v"]
        return sealed

    def _marked(self, value: Any, key: UUID) -> Binary:
        told = {"a": RANDOM_NUMBER, "v": value, "ki": Binary(key.bytes, 4)}
        return Binary(b"\0" + encode(told, codec_options=self._codec), SEALED)
