"""The table of jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jobs.cadence import EveryMinutes
from jobs.context import JobContext, Report
from jobs.schedule import JOBS
from jobs.table import Job, Table
from models.calendar import SHANGHAI
from models.declarations import Label
from models.job.rules import UnknownJob, is_late, occurrence_key


def job(name: str) -> Job:
    def nothing(context: JobContext) -> Report:
        return Report()

    return Job(name=name, label=Label("测试", "Test"), cadence=EveryMinutes(5), work=nothing)


@pytest.mark.parametrize("name", ["", "Review", "1st", "a b", "a.b", "$where", "x" * 42])
def test_a_name_that_could_not_be_a_key_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a job name"):
        job(name)


def test_two_jobs_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="share a name"):
        Table([job("review"), job("review")])


def test_an_unknown_job_is_a_refusal_with_its_name() -> None:
    with pytest.raises(UnknownJob) as caught:
        Table([job("review")]).get("revue")
    assert "revue" in caught.value.text("zh")


def test_every_job_of_the_product_speaks_both_languages() -> None:
    assert [j.name for j in JOBS.jobs if not (j.label.zh and j.label.en)] == []


def test_a_planned_occurrence_has_one_key_and_a_run_on_demand_another() -> None:
    planned = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
    assert occurrence_key("review", planned) == "review@2026-10-08T01:00:00Z"
    in_shanghai = planned.astimezone(SHANGHAI)
    assert occurrence_key("review", in_shanghai) == "review@2026-10-08T01:00:00Z"
    assert occurrence_key("review", planned, "a1") == "review@2026-10-08T01:00:00Z#a1"


def test_a_run_is_late_only_well_after_its_time() -> None:
    planned = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
    assert not is_late(planned, planned.replace(minute=5))
    assert is_late(planned, planned.replace(minute=6))
