"""Roles, permissions and the person who acts. Unknown means denied."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from bson import ObjectId


class Role(StrEnum):
    """The roles of the department; a person has any number of them."""

    SPECIALIST = "specialist"
    CUSTODIAN = "custodian"
    SUPERVISOR = "supervisor"
    HEAD = "head"
    SALES = "sales"
    SALES_MANAGER = "sales_manager"
    FINANCE_REVIEWER = "finance_reviewer"
    LEGAL_REVIEWER = "legal_reviewer"
    CREDIT_GROUP = "credit_group"
    GENERAL_MANAGER = "general_manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


ROLE_LABELS: dict[Role, tuple[str, str]] = {
    Role.SPECIALIST: ("客服专员", "Specialist"),
    Role.CUSTODIAN: ("信息管理员", "Information custodian"),
    Role.SUPERVISOR: ("客户信息主管", "Information supervisor"),
    Role.HEAD: ("客服部经理", "Department head"),
    Role.SALES: ("业务员", "Sales"),
    Role.SALES_MANAGER: ("市场部经理", "Sales manager"),
    Role.FINANCE_REVIEWER: ("财务审查", "Finance reviewer"),
    Role.LEGAL_REVIEWER: ("法务审查", "Legal reviewer"),
    Role.CREDIT_GROUP: ("授信额度管理小组", "Credit group"),
    Role.GENERAL_MANAGER: ("总经理", "General manager"),
    Role.AUDITOR: ("审计员", "Auditor"),
    Role.ADMINISTRATOR: ("系统管理员", "Administrator"),
}


class Permission(StrEnum):
    """Rights that are not about one record. Grammar: the place, a colon, the act."""

    AUDIT_READ = "audit:read"
    READERS_READ = "readers:read"
    JOBS_READ = "jobs:read"
    JOBS_RUN = "jobs:run"
    PEOPLE_MANAGE = "people:manage"
    IMPORTS_READ = "imports:read"
    BULK_CHANGES_READ = "bulk_changes:read"
    CALENDAR_MANAGE = "calendar:manage"
    OUTBOX_MANAGE = "outbox:manage"
    DEPARTMENT_OVERSEE = "department:oversee"


PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.HEAD: frozenset(
        {
            Permission.READERS_READ,
            Permission.JOBS_READ,
            Permission.IMPORTS_READ,
            Permission.DEPARTMENT_OVERSEE,
        }
    ),
    Role.CUSTODIAN: frozenset({Permission.IMPORTS_READ}),
    Role.AUDITOR: frozenset({Permission.AUDIT_READ, Permission.JOBS_READ, Permission.BULK_CHANGES_READ}),
    Role.ADMINISTRATOR: frozenset(
        {
            Permission.PEOPLE_MANAGE,
            Permission.JOBS_READ,
            Permission.JOBS_RUN,
            Permission.BULK_CHANGES_READ,
            Permission.CALENDAR_MANAGE,
            Permission.OUTBOX_MANAGE,
        }
    ),
}

HOUSE_WIDE = frozenset(
    {
        Role.SALES,
        Role.SALES_MANAGER,
        Role.FINANCE_REVIEWER,
        Role.LEGAL_REVIEWER,
        Role.CREDIT_GROUP,
        Role.GENERAL_MANAGER,
        Role.AUDITOR,
        Role.ADMINISTRATOR,
    }
)
"""Roles that serve the whole house, whatever department a record is of. In any other a person serves their own
department, and no record of another one waits for them (People)."""

SERVING = frozenset(Role) - {Role.AUDITOR, Role.ADMINISTRATOR}
"""Roles in which a person can have to do with classified records by name. An auditor changes nothing, and an
administrator sees nothing classified by that role (People)."""

OVERSEEING = frozenset({Role.HEAD, Role.GENERAL_MANAGER, Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR})
"""Roles that answer for the rights of others: all but the auditor, who changes nothing, may be the second person, and
all are told when a privileged role ends."""

APPROVING = frozenset(
    {
        Role.CUSTODIAN,
        Role.SUPERVISOR,
        Role.HEAD,
        Role.SALES_MANAGER,
        Role.FINANCE_REVIEWER,
        Role.LEGAL_REVIEWER,
        Role.CREDIT_GROUP,
        Role.GENERAL_MANAGER,
    }
)
"""Roles that approve, sign or decide: they need a second factor outside demonstration mode."""

PRIVILEGED = OVERSEEING | APPROVING
"""Roles whose giving needs a second privileged person: those that oversee, and those that open what is above internal,
for good (the custodian's) or while it waits for the role."""

MANAGING = frozenset({Role.HEAD, Role.SALES_MANAGER, Role.GENERAL_MANAGER})
"""Managers and above: only they may borrow (X4)."""
MANAGING_ZH, MANAGING_EN = (
    "、".join(labels[0] for role, labels in ROLE_LABELS.items() if role in MANAGING),
    ", ".join(labels[1].lower() for role, labels in ROLE_LABELS.items() if role in MANAGING),
)
"""Who they are, in words: another role may be somebody's manager as well, and does not borrow."""


@dataclass(frozen=True)
class StandIn:
    """Whom somebody stands in for at the moment, as their deputy: `principal` with the roles that it is about, for
    signatures on records of `types` (none: of every type). With `roles_only` what waits for the person by name is
    not handed on."""

    principal: Person
    types: frozenset[str] = frozenset()
    roles_only: bool = False

    @property
    def handed(self) -> Person:
        """As whom the deputy may sign: the principal, or nobody by name, in the roles handed on."""
        return replace(self.principal, id=None) if self.roles_only else self.principal

    def covers(self, slug: str) -> bool:
        """Whether it is about records of this type."""
        return not self.types or slug in self.types


@dataclass(frozen=True)
class Means:
    """The access token through which a program acts for a person, as the audit trail names it."""

    id: ObjectId
    name: str


@dataclass(frozen=True)
class Person:
    """Who acts: the values that the rules need of a signed-in user, taken once per request.

    `grants` are the tokens of the person's grants in force at the moment of asking, by use (X5), and `stands_in` those
    for whom they sign at that moment. A token may open less than its person may do: with `only`, records of these types
    and no other; with `levels`, without a grant records of these levels and no other; `read_only`, nothing to be
    written. `through` is that token, for the audit trail (X7). While `settling` what they own does not follow their
    department yet. An account that is `unclaimed` has the first password still that one administrator gave it: nothing
    above internal becomes theirs.
    """

    id: ObjectId | None
    name: str
    roles: frozenset[Role] = frozenset()
    department: str = ""
    manager: ObjectId | None = None
    language: str = "zh"
    email: str = ""
    grants: dict[str, frozenset[str]] = field(default_factory=dict)
    only: frozenset[str] | None = None
    levels: frozenset[str] | None = None
    read_only: bool = False
    through: Means | None = None
    stands_in: tuple[StandIn, ...] = ()
    settling: bool = False
    unclaimed: bool = False

    @property
    def serves(self) -> bool:
        """Whether something classified can be the person's (X3): they have a department and a role for it, and what
        they own follows that department."""
        return not self.settling and self.placed

    @property
    def placed(self) -> bool:
        """Whether the person has a department and a role in which something classified can be somebody's."""
        return bool(self.department) and self.has(*SERVING)

    def may(self, permission: Permission) -> bool:
        """Whether any role of the person carries the permission."""
        return any(permission in PERMISSIONS.get(role, frozenset()) for role in self.roles)

    def has(self, *roles: Role) -> bool:
        """Whether the person has one of these roles."""
        return not self.roles.isdisjoint(roles)


SYSTEM = Person(id=None, name="system")
"""Jobs and imports act as the system; it reads nothing on anybody's behalf."""
