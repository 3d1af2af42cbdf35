"""The screens of the product, one module per noun. `register` mounts them."""

from __future__ import annotations

from flask_admin import Admin

from backoffice.screens.audit import AuditView
from backoffice.screens.bulk_history import BulkChangesView
from backoffice.screens.calendar import CalendarView
from backoffice.screens.calendar_feed import CalendarFeedView
from backoffice.screens.deputies import DeputiesView
from backoffice.screens.help import HelpView
from backoffice.screens.jobs import JobsView
from backoffice.screens.notifications import NotificationsView
from backoffice.screens.outbox import OutboxView
from backoffice.screens.people import PeopleView
from backoffice.screens.readers import ReadersView
from backoffice.screens.records import RecordsHost
from backoffice.screens.team import TeamView
from backoffice.screens.tokens import TokensView
from backoffice.screens.work import WorkView


def register(admin: Admin) -> None:
    """Add every screen to the admin."""
    admin.add_view(RecordsHost(name="records", endpoint="records", url="/records"))
    admin.add_view(PeopleView(name="people", endpoint="people", url="/people"))
    admin.add_view(DeputiesView(name="deputies", endpoint="deputies", url="/account/deputies"))
    admin.add_view(TokensView(name="tokens", endpoint="tokens", url="/account/tokens"))
    admin.add_view(NotificationsView(name="notifications", endpoint="notifications", url="/account/notifications"))
    admin.add_view(CalendarFeedView(name="feeds", endpoint="feeds", url="/account/calendar"))
    admin.add_view(OutboxView(name="outbox", endpoint="outbox", url="/outbox"))
    admin.add_view(HelpView(name="help", endpoint="help", url="/help"))
    admin.add_view(AuditView(name="audit", endpoint="audit", url="/audit"))
    admin.add_view(ReadersView(name="readers", endpoint="readers", url="/readers"))
    admin.add_view(BulkChangesView(name="bulk_changes", endpoint="bulk_changes", url="/bulk-changes"))
    admin.add_view(CalendarView(name="calendar", endpoint="calendar", url="/calendar"))
    admin.add_view(TeamView(name="team", endpoint="team", url="/team"))
    admin.add_view(WorkView(name="work", endpoint="work", url="/work"))
    admin.add_view(JobsView(name="jobs", endpoint="jobs", url="/jobs"))
