"""The vault as one process uses it: the driver's encryption over the keyring, made anew when the master keys change."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from threading import RLock
from typing import Any
from uuid import UUID

from bson import Binary, CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient
from pymongo.encryption import ClientEncryption
from pymongo.errors import EncryptionError, PyMongoError

from config.database import database, key_settings
from config.keys import KeySettings
from models.key_vault import master, whose
from models.key_vault.keyring import COLLECTION, KEPT_SECONDS, PROOF, Keyring, KeyringClient, apart, name_of
from models.key_vault.refusals import KeyGone, KeyServiceAway, KeysUnusable, SealDamaged
from models.key_vault.sets import Sets

log = logging.getLogger(__name__)

RANDOM = "AEAD_AES_256_CBC_HMAC_SHA_512-Random"
STEADY = "AEAD_AES_256_CBC_HMAC_SHA_512-Deterministic"
RENEWED_AFTER = 300
"""The driver looks through all keys that it has unwrapped, one by one: after so many it begins anew."""
CODEC: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True)


class Vault:
    """Makes, finds and uses data keys. Safe for threads; not to be taken over by a child process."""

    def __init__(self, client: MongoClient[Any], settings: KeySettings) -> None:
        self.client = client
        self.settings = settings
        self.keyring = Keyring(client[settings.database][COLLECTION])
        self._source = KeyringClient(self.keyring)
        self._lock = RLock()
        self._unwrapped: set[bytes] = set()
        self._proved = False
        self._masters: tuple[master.MasterKey, ...] = ()
        self._stamp: object = None
        self._encryption: ClientEncryption[Any] | None = None
        self._held: tuple[master.MasterKey, ...] = ()
        self._sets: Sets | None = None
        self.secrets: dict[str, tuple[float, bytes]] = {}
        """Of what tokens are made, by type, and until when it is believed."""

    # ---- the driver's encryption

    def encryption(self) -> ClientEncryption[Any]:
        """The driver's encryption under the master keys as they are now. :raises KeysUnusable:"""
        with self._lock:
            if self._encryption is None:
                self._begin()
            assert self._encryption is not None
            return self._encryption

    def for_sets(self, keys: Iterable[bytes]) -> frozenset[bytes]:
        """Those of some keys that a master key of this process wrapped: values under them are done in sets. What a key
        service wrapped, and what is gone, is for single values. :raises KeysUnusable:"""
        with self._lock:
            self.encryption()
            held = {key.provider for key in self._held}
        rows = self.keyring.by_ids(list(dict.fromkeys(keys))) if held else []
        return frozenset(bytes(row["_id"]) for row in rows if row["masterKey"]["provider"] in held)

    def sets(self, keys: frozenset[bytes]) -> Sets:
        """The same for a set of values under these keys, of those that are `for_sets`. :raises KeysUnusable:"""
        with self._lock:
            self.encryption()
            if self._sets is None or not self._sets.takes(keys):
                own = {key.provider: {"key": key.secret} for key in self._held}
                self._sets = Sets(own, self.keyring, CODEC, KEPT_SECONDS)
                self._sets.takes(keys)
            return self._sets

    def _begin(self) -> None:
        stamp, masters = self._fitting_masters()
        # A key that was there a moment ago may be needed still, by what this process has under its hands.
        known = {key.provider: key for key in (*self._masters, *masters)}
        service = self.settings.service
        providers: dict[str, Any] = {name: {"key": key.secret} for name, key in known.items()}
        if service is not None:
            providers |= {name: dict(told) for name, told in service.providers.items()}
        try:
            self._encryption = ClientEncryption(
                providers,
                f"{self.settings.database}.{COLLECTION}",
                self._source,
                CODEC,
                kms_tls_options=dict(service.tls) if service is not None and service.tls else None,
                key_expiration_ms=int(KEPT_SECONDS * 1000),
            )
        except (ValueError, TypeError, OSError, PyMongoError) as error:  # what is told of a key service makes no sense
            raise self._unusable(error) from error
        self._masters, self._stamp, self._unwrapped = masters, stamp or self._stamp_of_file(), set()
        self._held, self._sets = tuple(known.values()), None

    def _fitting_masters(self) -> tuple[object, tuple[master.MasterKey, ...]]:
        """The master keys as they are now, and the stamp of their file. One that was put there since must open what the
        vault holds, or new keys would be lost with the ones before. :raises KeysUnusable:"""
        while True:
            stamp = self._stamp_of_file()
            try:
                masters = self._read_masters()
            except KeysUnusable as unusable:  # whoever is refused is told nothing of the reason
                log.error("encryption keys cannot be used: %s", unusable)
                raise
            if self._stamp in (None, stamp) or self._opens({one.provider for one in masters}):
                return stamp, masters
            if stamp == self._stamp_of_file():  # else a rotation is going on: it is read again
                log.error("the master key in %s is not the one of the key vault", self.settings.path)
                raise KeysUnusable(
                    f"the master key that was put into {self.settings.path} is not the one that the data keys were "
                    "wrapped with: put the right one back"
                )

    def _opens(self, providers: set[str]) -> bool:
        proof = apart(lambda: self.keyring.collection.find_one({"keyAltNames": PROOF}))
        service = self.settings.service
        told = str(proof["masterKey"]["provider"]) if proof is not None else ""
        return proof is None or told in providers or (service is not None and told in service.providers)

    def _read_masters(self) -> tuple[master.MasterKey, ...]:
        settings = self.settings
        lost = settings.makes and not settings.given and settings.service is None and not settings.path.exists()
        needed = lost and (apart(self.keyring.collection.find_one) is not None or whose.noted() is not None)
        if needed and not settings.path.exists():  # the first of all processes may have made it meanwhile
            raise KeysUnusable(f"{settings.path} is gone, and there are data keys that need it: put it back")
        return master.read(settings)

    def _stamp_of_file(self) -> object:
        """What changes when the file of master keys does; None without one."""
        if self.settings.given:
            return None
        try:
            told = self.settings.path.stat()
        except OSError:
            return None
        return (told.st_ino, told.st_mtime_ns)

    def renew(self) -> None:
        """Let the driver begin anew: whatever it has unwrapped is forgotten, and the master keys are read again."""
        with self._lock:
            self._encryption = None

    def forget(self) -> None:
        """Nothing of any data key stays in this process."""
        self.keyring.forget()
        self.secrets.clear()
        self.renew()

    # ---- values

    def encrypt(self, value: Any, key: UUID, algorithm: str) -> Binary:
        """A value sealed under a key. :raises KeyGone: :raises KeysUnusable:"""
        sealed: Binary = self._with_key(key.bytes, lambda e: e.encrypt(value, algorithm, key_id=Binary(key.bytes, 4)))
        return sealed

    def decrypt(self, sealed: Binary) -> Any:
        """The value. :raises KeyGone: :raises SealDamaged: :raises KeysUnusable:"""
        key = key_of(sealed)
        return self._with_key(key, lambda e: self._decrypted(e, sealed, key))

    def _decrypted(self, encryption: ClientEncryption[Any], sealed: Binary, key: bytes) -> Any:
        try:
            return encryption.decrypt(sealed)
        except EncryptionError:
            encryption.encrypt(PROOF, RANDOM, key_id=Binary(key, 4))  # fails as well, if it is the key that is wrong
            log.error("a value that the key %s sealed is damaged", UUID(bytes=key))
            raise SealDamaged() from None

    def _with_key(self, key: bytes, work: Any) -> Any:
        if key not in self._unwrapped:
            self._take_in(key)
        anew = False
        while True:
            try:
                return work(self.encryption())
            except EncryptionError as error:
                # The master keys may have changed meanwhile, once more perhaps, or the key may be gone.
                if anew and self._stamp == self._stamp_of_file():
                    raise self._unusable(error) from error
            self.forget()
            self._take_in(key)
            anew = True

    def _take_in(self, key: bytes) -> None:
        """Note that the driver is about to unwrap a key. :raises KeyGone: there is no such key."""
        with self._lock:
            if len(self._unwrapped) >= RENEWED_AFTER:
                self.renew()
            self.encryption()
            if not self.keyring.by_ids([key]):
                raise KeyGone()
            self._unwrapped.add(key)

    # ---- keys

    def key_ids(self, names: Sequence[str], *, make: bool) -> dict[str, UUID]:
        """The keys of these names; those that there are not are made, if so wanted. :raises KeysUnusable:"""
        found = {name_of(row): _uuid(row) for row in self.keyring.by_names(names)}
        lacking = [name for name in dict.fromkeys(names) if name not in found]
        if lacking and make:
            if not self._proved and lacking != [PROOF]:
                self.prove()
            found |= self._make(lacking)
        return found

    def _make(self, names: Sequence[str]) -> dict[str, UUID]:
        with self._lock:
            if self._stamp != self._stamp_of_file():
                self.renew()
            stored = self.keyring.store(self._wrapped(names))
            if self._stamp != self._stamp_of_file():  # a rotation began meanwhile, and may not have seen these
                self.rewrap([row["_id"] for row in stored])
        made = {name_of(row): _uuid(row) for row in stored}
        others = [name for name in names if name not in made]
        return made | {name_of(row): _uuid(row) for row in (self.keyring.by_names(others) if others else ())}

    def _wrapped(self, names: Sequence[str]) -> list[RawBSONDocument]:
        encryption, (provider, which) = self.encryption(), self.current()
        try:
            with self.keyring.gathered() as rows:
                for name in names:
                    encryption.create_data_key(provider, master_key=which, key_alt_names=[name])
        except (ValueError, TypeError, PyMongoError) as error:  # EncryptionError, and a key that is not named
            raise self._unusable(error) from error
        return rows

    def try_wrapping(self) -> None:
        """Make sure that what wraps new data keys does so now; nothing is stored. :raises KeysUnusable:"""
        self._wrapped([PROOF])

    def current(self) -> tuple[str, dict[str, Any] | None]:
        """What wraps new data keys: the driver's name of it, and which key of it."""
        self.encryption()
        if self.settings.service is not None:
            return self.settings.service.provider, dict(self.settings.service.master_key)
        return self._masters[0].provider, None

    def rewrap(self, ids: Sequence[Binary]) -> None:
        """Wrap some keys under the present master key. :raises KeysUnusable:"""
        self.renew()
        provider, which = self.current()
        try:
            self.encryption().rewrap_many_data_key({"_id": {"$in": list(ids)}}, provider=provider, master_key=which)
        except EncryptionError as error:
            raise self._unusable(error) from error

    def prove(self, *, noting: bool = True) -> None:
        """Make sure that this is the vault of the connected database, and that the master key opens it. The first of
        all processes makes the vault, and the database notes which it is, if so told.

        :raises KeysUnusable:
        """
        noted, found = self._proof()
        apart(self._index)
        key = found or self.key_ids([PROOF], make=True)[PROOF]
        self.encrypt(PROOF, key, RANDOM)
        if noting and noted is None and whose.note(key) != key:
            raise KeysUnusable("another key vault was begun for this installation at the same time; start again")
        self._proved = True

    def check(self) -> None:
        """Make sure that the master keys as they are now open the vault; makes nothing, and what this process has under
        its hands stays. While nothing has changed it asks for two small things.

        :raises KeyServiceAway: it is the right vault, and the key service that wrapped it does not open it.
        :raises KeysUnusable:
        """
        with self._lock:
            if self._encryption is not None and self._stamp != self._stamp_of_file():
                self._fitting_masters()
        _noted, found = self._proof()
        if found is None:
            return
        try:
            self.encrypt(PROOF, found, RANDOM)
        except KeysUnusable as unusable:
            if self._is_of_service(found):
                raise KeyServiceAway(unusable.reason) from unusable
            raise

    def _is_of_service(self, key: UUID) -> bool:
        service = self.settings.service
        rows = self.keyring.by_ids([key.bytes]) if service is not None else []
        return service is not None and any(row["masterKey"]["provider"] in service.providers for row in rows)

    def _proof(self) -> tuple[UUID | None, UUID | None]:
        """The key that the database has noted, and the one that is in the vault. :raises KeysUnusable: they differ."""
        noted, found = whose.noted(), self.key_ids([PROOF], make=False).get(PROOF)
        if noted not in (None, found):
            raise KeysUnusable(
                f"the database {self.settings.database} is not the key vault of this installation, or is empty: name "
                "the right one, or restore the backup of the keys (backoffice keys restore)"
            )
        return noted, found

    def require_own(self) -> None:
        """:raises KeysUnusable: the keys are those of another database."""
        if self.settings.borrowed:
            raise KeysUnusable("this database is a copy, and the keys are those of the original: they stay")

    def _index(self) -> None:
        self.keyring.collection.create_index(
            "keyAltNames", unique=True, partialFilterExpression={"keyAltNames": {"$exists": True}}
        )

    def _unusable(self, error: Exception) -> KeysUnusable:
        text = str(error)
        if "is not configured" in text:
            reason = "the master key is not the one that the data keys were wrapped with"
        else:
            reason = f"the data keys cannot be unwrapped: {text.splitlines()[0][:200]}"
        log.error("encryption keys cannot be used: %s", reason)
        return KeysUnusable(reason)


def key_of(sealed: Binary) -> bytes:
    """The id of the key that a value is sealed under, which stands before it (bytes 1 to 16)."""
    return bytes(sealed)[1:17]


def _uuid(row: RawBSONDocument) -> UUID:
    return UUID(bytes=bytes(row["_id"]))


_vaults: dict[tuple[int, str], Vault] = {}
_making = RLock()


def vault() -> Vault:
    """The vault of the connected database, of this process alone: what the driver keeps does not outlive a fork.

    :raises DatabaseUnreachable: `connect` has not been called.
    """
    base = database()
    place = (os.getpid(), base.name)
    found = _vaults.get(place)
    if found is None or found.client is not base.client:
        with _making:
            found = _vaults.get(place)
            if found is None or found.client is not base.client:
                found = Vault(base.client, key_settings())
                _vaults.clear()
                _vaults[place] = found
    return found
