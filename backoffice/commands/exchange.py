"""`import` and `export`: records from files and into files, with a person's rights."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl

import click
from bson import ObjectId
from werkzeug.datastructures import MultiDict

from backoffice.commands.connection import connected
from backoffice.commands.errors import Failure, WrongSettings
from backoffice.screens import listing_args
from backoffice.screens.reader import Reader
from models import access, listing, registry
from models.access_request.grants import grants_in_force
from models.declarations import Level, RecordType
from models.errors import NotFound
from models.exchange import export as exports
from models.exchange import running, service
from models.exchange.document import AT_WORK, Batch, Count, Kind, Options, State
from models.exchange.mapping import targets
from models.exchange.table import MB
from models.person import service as people
from models.person.roles import Person

LARGEST = 512 * MB

AS = click.option(
    "--as",
    "email",
    metavar="EMAIL",
    required=True,
    envvar="BACKOFFICE_AS",
    help="The person whose rights decide and who stands in the audit trail (or BACKOFFICE_AS).",
)


@click.command("import", short_help="Store the rows of a CSV or XLSX file as records.")
@click.argument("slug", metavar="TYPE")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS
@click.option("--map", "given", metavar="COLUMN=FIELD", multiple=True, help="Column to field; FIELD empty: left out.")
@click.option("--date", "orders", metavar="COLUMN=ORDER", multiple=True, help="Date order: ymd, dmy, mdy, roc, serial.")
@click.option("--encoding", help="utf-8, gb18030, utf-16, big5 ... (default: found).")
@click.option("--delimiter", help="What separates cells (default: found).")
@click.option("--sheet", help="Name of the sheet of an XLSX file (default: the first with content).")
@click.option("--header-row", type=click.IntRange(0, 100), help="Row of the heading, 0 for none (default: found).")
@click.option("--level", type=click.Choice([level.value for level in Level]), help="Level of the records.")
@click.option("--empty-bad-values", is_flag=True, help="Take rows with a bad optional value and leave it empty.")
@click.option("--keep-repeats", is_flag=True, help="Take rows that repeat a row or a number that is recorded already.")
@click.option("--dry-run", is_flag=True, help="Check every row and store nothing.")
@click.option(
    "--rejects", "bad", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows that were refused here."
)
def import_(
    slug: str,
    file: Path,
    email: str,
    given: tuple[str, ...],
    orders: tuple[str, ...],
    encoding: str | None,
    delimiter: str | None,
    sheet: str | None,
    header_row: int | None,
    level: str | None,
    empty_bad_values: bool,
    keep_repeats: bool,
    dry_run: bool,
    bad: Path | None,
) -> None:
    """Store the rows of FILE (CSV or XLSX) as records of TYPE, such as customer or complaint.

    Encoding, delimiter, heading and the meaning of columns are found; every row is checked before the first is
    stored. Good rows are stored, bad ones named with the reason. Broken off, the import is finished by the scheduler.
    An import can be undone on screen for 30 days.
    """
    options = Options(level or "", empty_bad_values, keep_repeats)
    chosen = {"encoding": encoding, "delimiter": delimiter, "sheet": sheet, "header_row": header_row}
    with connected() as settings:
        rt, person = _type(slug), _person(email)
        with file.open("rb") as stream:
            batch = service.start(
                person, slug, stream, file.name, now=_now(), limit=LARGEST, chosen=chosen, clamd=settings.clamd_url
            )
        mapping = _mapped(person, rt, batch, given, orders)
        batch = service.check(person, batch.id, mapping, options, _now())
        _tell_mapping(batch)
        batch = _worked(batch, "checked")
        if dry_run or not batch.count("taken"):
            _tell_result(batch, "would be stored")
            service.drop(person, batch.id)
            if dry_run:
                return
            raise Failure("no row can be imported; nothing was stored")
        looked_at = [reason for reason in batch.reasons if reason.kind is Kind.WARNED]
        batch = service.confirm(person, batch.id, batch.stamp, _now())
        batch = _worked(batch, "stored")
        _tell_result(batch, "stored", looked_at)
        if bad is not None and batch.count("refused"):
            with bad.open("wb") as target:
                target.writelines(service.bad_rows(person, batch.id, person.language))
            click.echo(f"The refused rows are in {bad}.")


@click.command(short_help="Write a list of records as CSV or XLSX.")
@click.argument("slug", metavar="TYPE")
@AS
@click.option(
    "--format",
    "form",
    type=click.Choice(exports.FORMATS),
    default="csv",
    show_default=True,
    help="What kind of file.",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write (default: the terminal)."
)
@click.option("--query", default="", help="The list's address, such as 'state=active&sort=-name'.")
def export(slug: str, email: str, form: str, output: Path | None, query: str) -> None:
    """Write the records of TYPE that the person may take out, as the list of the same address shows them.

    What the person may not read in full leaves as its card; every export stands in the audit trail.
    """
    with connected():
        rt, person, now = _type(slug), _person(email), _now()
        fields = listing.queryable(rt, access.visible_fields(person, rt))
        asked = listing_args.read(MultiDict(parse_qsl(query.lstrip("?"))), fields, Reader(person, now, person.language))
        made = exports.export(person, slug, asked.query, form, now=now, via="command line")
        size = 0
        with _output(output, form) as target, closing(made.pieces) as pieces:
            for piece in pieces:
                size += target.write(piece)
                if sys.stderr.isatty():
                    click.echo(f"\r{size:,} bytes", nl=False, err=True)
    click.echo(f"{size:,} bytes written" + (f" to {output}" if output else ""), err=True)


def _now() -> datetime:
    return datetime.now(UTC)


def _type(slug: str) -> RecordType:
    try:
        return registry.get(slug).rt
    except NotFound:
        known = ", ".join(rt.slug for rt in registry.all_types())
        raise WrongSettings(f"there is no record type {slug!r}; there are {known}") from None


def _person(email: str) -> Person:
    row = people.by_email(email)
    if row is None or not row.get("active"):
        raise Failure(f"nobody who is active has the email address {email!r}")
    person = people.person_of(row)
    return replace(person, grants=grants_in_force(person, _now()))


def _mapped(
    person: Person, rt: RecordType, batch: Batch, given: tuple[str, ...], orders: tuple[str, ...]
) -> dict[str, list[dict[str, str]]]:
    """The guessed mapping with what was given by hand."""
    columns = {column["header"]: dict(column) for column in batch.mapping["columns"]}
    fields = {target.path for target in targets(service.fields_of(person, rt))}
    for pair in given:
        header, _, field = pair.rpartition("=")
        if header not in batch.found["header"]:
            raise WrongSettings(f"--map: the file has no column {header!r}; it has {', '.join(batch.found['header'])}")
        if field and field not in fields:
            raise WrongSettings(f"--map: {rt.slug} has no field {field!r}; it has {', '.join(sorted(fields))}")
        columns = {h: c for h, c in columns.items() if h == header or not field or c["field"] != field}
        columns[header] = {**columns.get(header, {"order": ""}), "header": header, "field": field}
    for pair in orders:
        header, _, order = pair.rpartition("=")
        if header not in columns:
            raise WrongSettings(f"--date: the column {header!r} goes to no field")
        columns[header]["order"] = order
    return {"columns": list(columns.values())}


def _tell_mapping(batch: Batch) -> None:
    how = [batch.found["encoding"] or batch.found["sheet"]]
    mapped = {c["header"]: c["field"] for c in batch.mapping["columns"] if c["field"]}
    click.echo(f"{batch.name}: {', '.join(how)}, heading in row {batch.found['header_row']}")
    for header in batch.found["header"]:
        click.echo(f"  {header} -> {mapped.get(header, '(not imported)')}")


def _worked(batch: Batch, word: str) -> Batch:
    """Work on the batch until its step is done, however many others do too. :raises Failure: it failed."""
    holder = f"command {ObjectId()}"
    with _bar(100, word) as bar:

        def told(now: Batch) -> None:
            bar.update(max(0, now.percent - bar.pos))

        while batch.state in AT_WORK:
            running.advance(batch.id, holder=holder, now=_now(), told=told)
            batch = service.get(batch.id)
        bar.update(100 - bar.pos)
    if batch.state is State.FAILED:
        stored = batch.count("taken") if service.step_of(batch.state) == "run" else 0
        raise Failure(f"{batch.failure['en']} {stored} rows were stored")
    return batch


def _tell_result(batch: Batch, word: str, looked_at: Iterable[Count] | None = None) -> None:
    """What became of the rows; `looked_at` is what the check said of those that it took, if that is over."""
    rows, taken, refused = (batch.count(name) for name in ("rows", "taken", "refused"))
    click.echo(f"{rows} rows: {taken} {word}, {refused} refused")
    titles = {Kind.REFUSED: "refused", Kind.EMPTIED: "left empty", Kind.WARNED: "to be looked at"}
    told = [one for one in batch.reasons if looked_at is None or one.kind is not Kind.WARNED]
    for reason in sorted([*told, *(looked_at or ())], key=lambda r: (list(Kind).index(r.kind), -r.count)):
        column = f"{reason.column}: " if reason.column else ""
        click.echo(f"  {reason.count} {titles[reason.kind]}: {column}{reason.en}")


@contextmanager
def _output(path: Path | None, form: str) -> Iterator[IO[bytes]]:
    if path is None:
        if form == "xlsx" and sys.stdout.isatty():
            raise WrongSettings("an XLSX file is not for the terminal: give --output")
        yield sys.stdout.buffer
        return
    with path.open("wb") as file:
        yield file


@contextmanager
def _bar(length: int, label: str) -> Iterator[Any]:
    with click.progressbar(length=length, label=label, file=sys.stderr) as bar:
        yield bar


COMMANDS = (import_, export)
