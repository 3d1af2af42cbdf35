"""The connection to MongoDB and the one way to run a transaction.

MongoEngine knows no sessions. A session that is *bound* to the running context is joined by every
operation of the thread, MongoEngine's included, so a use case needs no session argument.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeVar

import mongoengine
import pymongo
from mongoengine.connection import DEFAULT_CONNECTION_NAME, get_connection, get_db
from mongoengine.errors import MongoEngineException
from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from config import embedded
from config.keys import KeySettings
from config.settings import Settings

T = TypeVar("T")
Row = dict[str, Any]

SELECTION_TIMEOUT_MS = 5_000
OLDEST_WIRE_VERSION = 17  # MongoDB 6.0
UNAUTHORIZED = 13
TRANSACTION_SECONDS = 20.0
COMMIT_SECONDS = 40.0
"""So long a commit that nothing was heard of is asked for again: longer than a set takes to choose another primary,
shorter than a scheduler is given to end. The driver's own limit is two minutes."""
TRANSIENT = "TransientTransactionError"
# In a replica set every transaction reads one snapshot, and its majority commit proves what it read to be
# committed too. Asking for "snapshot" by name would only forbid creating an index, as GridFS does at first.
READ_CONCERN = ReadConcern("local")

_audit_name: dict[str, str] = {}
"""By the product's database, the one that holds its audit trail."""

_keys: dict[str, KeySettings] = {}
"""By the product's database, where the keys of its encrypted fields are."""

_inside: ContextVar[bool] = ContextVar("inside_transaction", default=False)
_otherwise: ContextVar[set[str] | None] = ContextVar("otherwise", default=None)
"""What the running transaction does in another way, since it began anew for that."""


class DatabaseError(Exception):
    """The database cannot be used; the text is fit for an operator."""


class DatabaseUnreachable(DatabaseError):
    """No server answers at the configured address, or it refuses us."""


class UnfitDatabase(DatabaseError):
    """A server answers, but the product cannot keep its promises on it."""


class NotAReplicaSet(UnfitDatabase):
    """The server is standalone: it has no transactions and loses acknowledged writes in a crash."""


class TransactionGaveUp(DatabaseError):
    """A transaction was tried again and again without success; nothing was stored."""

    def __init__(self) -> None:
        super().__init__("the change could not be stored because of too many simultaneous changes; try again")


def connect(settings: Settings) -> Database[Row]:
    """Connect MongoEngine's default alias and return the database.

    Writes are acknowledged by a majority and journalled; reads see majority-committed data; times come
    back aware, in UTC. A second call replaces the first connection.

    The write concern is the server's default, which must be "majority": one set on the client would go out
    with every write inside a transaction too, because the driver does not look for a bound session there,
    and the server refuses that.

    :raises DatabaseUnreachable: nothing answers within 5 seconds, or sign-in failed.
    :raises UnfitDatabase: the server is standalone, too old or acknowledges too early.
    """
    disconnect()
    uri = settings.mongodb_uri or _embedded_uri(settings)
    try:
        client = mongoengine.connect(
            host=uri,
            alias=DEFAULT_CONNECTION_NAME,
            tz_aware=True,
            uuidRepresentation="standard",
            readConcernLevel="majority",
            retryWrites=True,
            serverSelectionTimeoutMS=SELECTION_TIMEOUT_MS,
            connectTimeoutMS=SELECTION_TIMEOUT_MS,
            appname="backoffice",
        )
        # A name in the URI would win over ours: the setting decides.
        mongoengine.connection._connection_settings[DEFAULT_CONNECTION_NAME]["name"] = settings.database
        _audit_name[settings.database] = settings.audit_database or settings.database
        _keys[settings.database] = settings.keys
        _require_replica_set(client)
        _require_majority_writes(client)
    except (PyMongoError, ValueError) as error:
        disconnect()
        raise DatabaseUnreachable(f"the database cannot be reached: {_first_line(error)}") from error
    except UnfitDatabase:
        disconnect()
        raise
    return database()


def disconnect() -> None:
    """Close the connection, if there is one."""
    mongoengine.disconnect(DEFAULT_CONNECTION_NAME)


def database() -> Database[Row]:
    """The connected database.

    :raises DatabaseUnreachable: `connect` has not been called.
    """
    try:
        base: Database[Row] = get_db()
    except mongoengine.ConnectionFailure as error:
        raise DatabaseUnreachable("the program is not connected to a database") from error
    return base


def audit_database() -> Database[Row]:
    """The database of the audit trail: one of its own where the settings name it, else the product's.

    :raises DatabaseUnreachable: `connect` has not been called.
    """
    base = database()
    name = _audit_name.get(base.name, base.name)
    return base if name == base.name else base.client[name]


def key_settings() -> KeySettings:
    """Where the keys of the connected database's encrypted fields are.

    :raises DatabaseUnreachable: `connect` has not been called.
    """
    return _keys[database().name]


def transaction(work: Callable[[], T]) -> T:
    """Run `work` in one multi-document transaction and return its result.

    Every pymongo, MongoEngine and GridFS operation of this thread joins it; other threads stand outside.
    `work` may run more than once (a conflicting writer makes the driver try again), so it must touch
    nothing but the database. A call inside another joins the outer transaction. An exception rolls
    everything back and is raised.

    :raises TransactionGaveUp: it did not succeed within 20 seconds: too many writers at once, or `work`
        swallows a database error (the server has ended the transaction by then, so nothing can be kept).
    :raises PyMongoError: labelled `UnknownTransactionCommitResult`: the server went away after it was asked to commit
        and did not come back within 40 seconds; the change may be stored or not.
    """
    if _inside.get():
        return work()

    deadline = time.monotonic() + TRANSACTION_SECONDS

    def attempt(_: ClientSession) -> T:
        committing.close()  # of the attempt before
        if time.monotonic() > deadline:
            raise TransactionGaveUp
        try:
            result = work()
        except MongoEngineException as error:
            cause = _transient_cause(error)
            if cause is None:
                raise
            # Only a pymongo error with its label makes the driver try again.
            raise cause from error
        committing.enter_context(pymongo.timeout(COMMIT_SECONDS))
        return result

    with ExitStack() as committing, get_connection().start_session() as session, session.bind(end_session=False):
        token, others = _inside.set(True), _otherwise.set(set())
        try:
            result: T = session.with_transaction(
                attempt,
                read_concern=READ_CONCERN,
                write_concern=WriteConcern(w="majority", j=True),
            )
            return result
        finally:
            _inside.reset(token)
            _otherwise.reset(others)


def begin_anew(way: str) -> NoReturn:
    """Undo all that the running transaction has written, and let it begin anew: `does_otherwise` says so then to
    whoever asks for this `way`."""
    ways = _otherwise.get()
    if ways is None or way in ways:
        raise AssertionError(f"nothing to begin anew: {way}")
    ways.add(way)
    raise PyMongoError(f"anew, otherwise: {way}", error_labels=[TRANSIENT])


def does_otherwise(way: str) -> bool:
    """Whether the running transaction began anew to do something in another `way`."""
    return way in (_otherwise.get() or ())


def in_transaction() -> bool:
    """Whether the caller runs inside `transaction`."""
    return _inside.get()


def server_time() -> datetime:
    """The database server's clock, which is the same for all who are connected; aware."""
    found: datetime = database().client.admin.command("hello")["localTime"]
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _embedded_uri(settings: Settings) -> str:
    uri = embedded.running(settings.data_dir)
    if uri is None:
        raise DatabaseUnreachable(
            f"no database runs for {settings.data_dir}: start it with 'backoffice serve', or set MONGODB_URI"
        )
    return uri


def _require_replica_set(client: MongoClient[Row]) -> None:
    hello = client.admin.command("hello")
    if hello["maxWireVersion"] < OLDEST_WIRE_VERSION:
        raise UnfitDatabase("the server at MONGODB_URI is too old: MongoDB 6.0 or newer is needed")
    if hello.get("msg") == "isdbgrid":  # mongos: a sharded cluster has transactions too
        return
    if "setName" not in hello:
        raise NotAReplicaSet(
            "the server at MONGODB_URI is standalone; the product needs a replica set, as it stores each "
            "change with its audit entry in one transaction (one member is enough: start mongod with "
            "--replSet and run rs.initiate())"
        )


def _require_majority_writes(client: MongoClient[Row]) -> None:
    try:
        defaults = client.admin.command("getDefaultRWConcern")
    except OperationFailure as error:
        if error.code == UNAUTHORIZED:  # an account of one database may not ask; the default is as we need it
            return
        raise
    concern = defaults.get("defaultWriteConcern", {}).get("w")
    if concern != "majority":
        raise UnfitDatabase(
            f"the server at MONGODB_URI acknowledges writes with w:{concern!r}; a failover loses some. Run "
            'db.adminCommand({setDefaultRWConcern: 1, defaultWriteConcern: {w: "majority"}})'
        )


def _transient_cause(error: BaseException) -> PyMongoError | None:
    """The pymongo error behind `error` after which the whole transaction may be tried again."""
    cause = error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, PyMongoError) and cause.has_error_label(TRANSIENT):
            return cause
        cause = cause.__cause__ or cause.__context__
    return None


def _first_line(error: BaseException) -> str:
    if isinstance(error, ConfigurationError | ValueError):
        # These texts can repeat the address with its password.
        return "the address is not valid"
    return str(error).splitlines()[0].split(", Timeout:")[0]
