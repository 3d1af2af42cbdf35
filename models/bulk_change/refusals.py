"""Why a bulk change, or one record of it, is refused."""

from __future__ import annotations

from models.bulk_change import rules
from models.declarations import Field
from models.errors import Refusal


class NothingSelected(Refusal):
    code = "nothing_selected"
    zh, en = "请先选择记录。", "Select some records first."


class TooManySelected(Refusal):
    code, status = "too_many_selected", 413
    zh = f"一次最多可勾选 {rules.MOST_PICKED:,} 条记录。更多时请用“全选符合条件的记录”。"
    en = f"At most {rules.MOST_PICKED:,} records can be ticked. For more, choose all that match."


class TooManyRecords(Refusal):
    code, status = "too_many_records", 413
    zh = f"符合条件的记录超过 {rules.MOST_RECORDS:,} 条。请增加筛选条件，分批进行。"
    en = f"More than {rules.MOST_RECORDS:,} records match. Narrow the list and go in several steps."


class SelectionGone(Refusal):
    """Something selected is not there, or not for this person: both answer alike (X6)."""

    code, status = "selection_gone", 409
    zh = "所选记录中有些已不存在，或者您已无权查看。请刷新列表后重新选择。"
    en = "Some of the selected records are not there any more, or not yours to see. Reload the list and select again."


class NoSuchAct(Refusal):
    code, status = "no_such_act", 400
    zh, en = "此处不能批量进行这项操作。", "This cannot be done to many records at once here."


class NothingSet(Refusal):
    code = "nothing_set"
    zh, en = "请至少选择一个要修改的字段。", "Choose at least one field to change."


class NothingToChange(Refusal):
    code = "nothing_to_change"
    zh, en = "所选记录都不会改变。", "None of the records would change."


class WrongStep(Refusal):
    """What was asked does not fit how far it is: it was done before, or something changed meanwhile."""

    code, status = "wrong_step", 409
    zh = "此批量修改已进行到另一步，请刷新页面查看。"
    en = "This bulk change has moved on to another step. Reload the page to see where it is."


class PreviewExpired(Refusal):
    code, status = "preview_expired", 409
    zh, en = "预览已超过 2 小时，请重新预览。", "The preview is more than two hours old. Make it again."


class UndoTooLate(Refusal):
    code, status = "undo_too_late", 409
    zh = f"批量修改已超过 {rules.UNDO_DAYS} 天，不能撤销。"
    en = f"A bulk change can be undone for {rules.UNDO_DAYS} days; this one is older."


class NotUndoable(Refusal):
    code, status = "not_undoable", 409
    zh, en = "流程操作不能批量撤销。", "Moves cannot be undone as a whole."


class ActorGone(Refusal):
    code, status = "actor_gone", 403
    zh, en = "操作人已停用。", "The person who does this is disabled."


class ChangedMeanwhile(Refusal):
    """A record is not what was previewed; what somebody did to it stands."""

    code, status = "changed_meanwhile", 409
    zh, en = "预览后由{by}修改过。", "{by} changed it after the preview."


class TouchedSince(Refusal):
    """An undo leaves alone what people have worked on."""

    code, status = "touched_since", 409
    zh, en = "此后由{by}修改过。", "{by} changed it since."


class NotAsPreviewed(Refusal):
    """The type was changed after the preview: nobody could fill in the values like this any more."""

    code, status = "not_as_previewed", 409
    zh = "预览后记录类型已变更，“{field}”不能再设为预览时的值（{why}）。请重新办理。"
    en = "The type was changed after the preview: “{field}” does not take this value any more ({why}). Start again."


class FieldGone(Refusal):
    """An undo gives back only what is still a field of the type."""

    code, status = "field_gone", 409
    zh, en = (
        "字段“{field}”已停用，其原值未恢复。",
        "“{field}” is no field any more: its former value did not come back.",
    )


class FieldNotYours(Refusal):
    """The person may edit the record, but not this field of it."""

    code, status = "field_not_yours", 403
    zh, en = "您不能修改此记录的“{field}”。", "“{field}” of this record is not yours to change."

    def __init__(self, field: Field) -> None:
        self.name = field.name
        super().__init__(field=field.label)


class AlreadySo(Refusal):
    """A record is archived, or in use, already; nothing is wrong with that."""

    code, status = "already_so", 409
    zh, en = "已是如此。", "It is so already."
