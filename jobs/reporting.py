"""Reports that people owe at fixed times, each opened once: a salesperson's of the month (F4), the department's own of
week and month (T8, Q, B)."""

from __future__ import annotations

from jobs.context import JobContext, Report, Stopped
from models.change_report import service as change_report
from models.service_report import service as service_report


def change_reports(context: JobContext) -> Report:
    """Open the month's report for each salesperson who has none.

    :raises Stopped: the process is to end; the next scheduler opens those that are left.
    """
    opened = change_report.open_month(context.now, context.go_on)
    if not context.go_on():
        raise Stopped
    return Report({"opened": opened})


def weekly(context: JobContext) -> Report:
    """Open the report of the week that ends with the last Friday."""
    return Report({"opened": service_report.open_week(context.now, context.calendar)})


def monthly(context: JobContext) -> Report:
    """Open last month's reports."""
    return Report({"opened": service_report.open_month(context.now, context.calendar)})
