"""What a record type says about itself: plain data, no behaviour.

A declaration holds only strings, numbers, tuples and other declarations, so that one kept in the database builds the
same record type as one written in Python. Who reads it: `kinds` (values), `record` (document class), `access`
(rights), `checks` (start-up findings) and `backoffice.screens` (pages).
"""

from models.declarations.fields import Field, Formula, Group, When
from models.declarations.record_type import ASKER, OWNER, RecordType, Related, View
from models.declarations.rights import SIGNED_VIEW, Concern, Held, Relation, Rights, Rule
from models.declarations.times import Cadence, Due, Reminding, Retention
from models.declarations.words import LEVEL_LABELS, TONES, Choice, Label, Level
from models.declarations.workflow import PAGES, Climb, State, Transition, Workflow

__all__ = [
    "ASKER",
    "LEVEL_LABELS",
    "OWNER",
    "PAGES",
    "SIGNED_VIEW",
    "TONES",
    "Cadence",
    "Choice",
    "Climb",
    "Concern",
    "Due",
    "Field",
    "Formula",
    "Group",
    "Held",
    "Label",
    "Level",
    "RecordType",
    "Related",
    "Relation",
    "Reminding",
    "Retention",
    "Rights",
    "Rule",
    "State",
    "Transition",
    "View",
    "When",
    "Workflow",
]
