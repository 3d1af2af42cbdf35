"""The table of everything that happens by itself, and when (J)."""

from __future__ import annotations

from datetime import time, timedelta

from jobs import (
    access_request,
    attachment,
    audit_check,
    backup,
    bulk_changes,
    calendar,
    complaint,
    contract,
    copies,
    destruction,
    imports,
    leaving,
    mail,
    merge,
    opening,
    passing_on,
    record_type,
    reminder,
    reporting,
    robots,
    secrecy,
    signature,
    writing_up,
)
from jobs.cadence import Daily, EveryMinutes, FirstMonday, MonthDay, Weekly
from jobs.table import CatchUp, Job, Lane, Table
from models.audit_check.rules import JOB as AUDIT_CHECK
from models.backup.rules import JOB as BACKUP
from models.bulk_change.service import JOB as BULK_CHANGES
from models.closing import JOB as LEVEL_PIECES
from models.customer.passing_on import JOB as OWNERS_PASSED_ON
from models.deadline.recount import JOB as DEADLINES
from models.declarations import Label
from models.destruction.removal import JOB as DESTRUCTION
from models.exchange.service import JOB as IMPORTS
from models.leaving import JOB as OWNERS_LEFT
from models.merge.moving import JOB as MERGES
from models.reminder.rules import RUN_EVERY
from models.service_report.rules import FRIDAY

NIGHT = timedelta(hours=4)
"""The limit of work that reads everything."""

JOBS = Table(
    [
        Job(
            name="mail_delivery",
            label=Label("发送邮件", "Deliver email"),
            cadence=EveryMinutes(1),
            work=mail.deliver,
            transactional=False,
            simulated=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.OUTSIDE,
        ),
        Job(
            name="robot_delivery",
            label=Label("发送到群机器人和网络钩子", "Deliver to group robots and webhooks"),
            cadence=EveryMinutes(1),
            work=robots.deliver,
            transactional=False,
            simulated=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.OUTSIDE,
        ),
        Job(
            name="access_expiry",
            label=Label("查阅到期", "End access that is over"),
            cadence=EveryMinutes(5),
            work=access_request.expire,
            transactional=False,
            kept=timedelta(days=30),
        ),
        Job(
            name=secrecy.END,
            label=Label("到期解密", "Declassify what has ended"),
            cadence=Daily(time(0, 5)),
            work=secrecy.end,
            transactional=False,
            lane=Lane.LONG,
        ),
        Job(
            name=BACKUP,
            label=Label("备份", "Back up"),
            cadence=Daily(time(2)),
            work=backup.daily,
            transactional=False,
            simulated=False,
            lane=Lane.LONG,
            limit=NIGHT,
        ),
        Job(
            name="attachment_sweep",
            label=Label("清理未使用的附件", "Remove files that no record took"),
            cadence=Daily(time(3)),
            work=attachment.sweep,
            transactional=False,
            simulated=False,  # files go with their keys, which are everybody's
            lane=Lane.LONG,
            limit=NIGHT,
        ),
        Job(
            name="attachment_seal",
            label=Label("加密原有附件", "Seal the files of former versions"),
            cadence=Daily(time(3, 10)),
            work=attachment.seal,
            transactional=False,
            simulated=False,  # a copy lacks the content of files, and their keys
            lane=Lane.LONG,
            limit=NIGHT,
        ),
        Job(
            name=AUDIT_CHECK,
            label=Label("核查审计记录", "Check the audit trail"),
            cadence=Daily(time(4)),
            work=audit_check.check,
            transactional=False,
            simulated=False,  # a copy has a trail of its own, which nobody seals
            lane=Lane.LONG,
            limit=NIGHT,
        ),
        # Whoever confirms an import asks for it at once; the minute catches what a dead process left behind.
        Job(
            name=IMPORTS,
            label=Label("导入", "Carry imports on"),
            cadence=EveryMinutes(1),
            work=imports.carry_on,
            transactional=False,
            simulated=False,  # a copy lacks the content of files
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.LONG,
        ),
        Job(
            name="import_sweep",
            label=Label("清理导入文件", "Remove uploaded files of old imports"),
            cadence=Daily(time(3, 10)),
            work=imports.sweep,
            transactional=False,
            simulated=False,  # files go with their keys, which are everybody's
            lane=Lane.LONG,
            limit=timedelta(hours=1),
        ),
        Job(
            name="simulation_sweep",
            label=Label("清理模拟运行的副本", "Remove copies that simulations left behind"),
            cadence=Daily(time(3, 30)),
            work=copies.sweep,
            transactional=False,
            simulated=False,
            lane=Lane.LONG,
        ),
        Job(
            name=BULK_CHANGES,
            label=Label("批量修改", "Carry bulk changes on"),
            cadence=EveryMinutes(1),
            work=bulk_changes.carry_on,
            transactional=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.LONG,
        ),
        Job(
            name="bulk_change_sweep",
            label=Label("清理批量修改", "Tidy up after bulk changes"),
            cadence=Daily(time(3, 20)),
            work=bulk_changes.sweep,
            transactional=False,
            lane=Lane.LONG,
            limit=timedelta(hours=1),
        ),
        # A merge asks for it at once where many records point to the one that was merged.
        Job(
            name=MERGES,
            label=Label("合并后转移引用", "Move references to merged records"),
            cadence=EveryMinutes(1),
            work=merge.carry_on,
            transactional=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.LONG,
        ),
        # What makes so many records more secret asks for it at once.
        Job(
            name=LEVEL_PIECES,
            label=Label("补记随同提高的密级", "Write up levels that followed"),
            cadence=EveryMinutes(1),
            work=writing_up.carry_on,
            transactional=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
        ),
        # Who gives a file with so many records to another owner asks for it at once.
        Job(
            name=OWNERS_PASSED_ON,
            label=Label("随客户档案移交记录", "Hand records on with their customer's file"),
            cadence=EveryMinutes(1),
            work=passing_on.carry_on,
            transactional=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.LONG,
        ),
        # A change of the calendar asks for it at once.
        Job(
            name=DEADLINES,
            label=Label("日历变更后重算期限", "Reckon deadlines again after a change of the calendar"),
            cadence=EveryMinutes(1),
            work=calendar.recount_deadlines,
            transactional=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.LONG,
        ),
        # Whoever changes a type does it at once; this is for what a dead process left, or one with the former type.
        Job(
            name="type_changes",
            label=Label("记录类型变更", "Let records follow a change of their type"),
            cadence=EveryMinutes(1),
            work=record_type.follow,
            transactional=False,
            catch_up=CatchUp.SKIP,
            kept=timedelta(days=7),
            lane=Lane.LONG,
            limit=timedelta(hours=1),
        ),
        # A daily check: a quarter's first working day that was missed is caught up, and later files get theirs.
        Job(
            name=opening.REVIEWS,
            label=Label("季度核定", "Open the quarter's reviews"),
            cadence=Daily(time(6)),
            work=opening.quarter,
            transactional=False,
            lane=Lane.LONG,
        ),
        Job(
            name=opening.REVISITS,
            label=Label("到期回访", "Open the revisits that fall due"),
            cadence=Daily(time(6, 5)),
            work=opening.revisits,
            transactional=False,
            lane=Lane.LONG,
        ),
        Job(
            name=opening.REPORTS,
            label=Label("到期信用报告", "Open the credit reports that fall due"),
            cadence=Daily(time(6, 10)),
            work=opening.credit_reports,
            transactional=False,
            lane=Lane.LONG,
        ),
        Job(
            name="change_report",
            label=Label("客户信息报告", "Open the salespeople's monthly reports"),
            cadence=FirstMonday(time(6, 15)),
            work=reporting.change_reports,
            transactional=False,
            catch_up=CatchUp.EACH,
        ),
        Job(
            name="weekly_report",
            label=Label("服务周报", "Open the weekly service report"),
            cadence=Weekly(FRIDAY, time(6, 20)),
            work=reporting.weekly,
            transactional=False,
            catch_up=CatchUp.EACH,
        ),
        Job(
            name="monthly_report",
            label=Label("服务月报", "Open the monthly service reports"),
            cadence=MonthDay(1, time(6, 25)),
            work=reporting.monthly,
            transactional=False,
            catch_up=CatchUp.EACH,
        ),
        Job(
            name="signature_climb",
            label=Label("久未签署或逾期转上一级", "Pass on what nobody signs, or what is late"),
            cadence=EveryMinutes(10),
            work=signature.climb,
            transactional=False,
            kept=timedelta(days=30),
        ),
        Job(
            name=DESTRUCTION,
            label=Label("销毁", "Destroy what was signed for"),
            cadence=EveryMinutes(5),
            work=destruction.remove,
            transactional=False,
            simulated=False,  # keys that are destroyed are destroyed for everybody
            kept=timedelta(days=60),
            lane=Lane.LONG,
            limit=timedelta(hours=1),
        ),
        Job(
            name="contract_overdue",
            label=Label("合同逾期告知", "Tell sales managers of overdue contracts"),
            cadence=Daily(time(9, 5)),
            work=contract.tell_managers,
            transactional=False,
        ),
        Job(
            name="complaint_batches",
            label=Label("投诉批量预警", "Warn of complaints that pile up"),
            cadence=EveryMinutes(30),
            work=complaint.tell_batches,
            transactional=False,
            in_office=True,
            kept=timedelta(days=30),
        ),
        # Whoever changes a department asks for it at once.
        Job(
            name=OWNERS_LEFT,
            label=Label("离开的负责人", "Tell of what owners who left leave behind"),
            cadence=Daily(time(7)),
            work=leaving.tell_heads,
            transactional=False,
            lane=Lane.LONG,
        ),
        Job(
            name="retention_candidates",
            label=Label("保存期已满", "Tell of what was kept for long enough"),
            cadence=Daily(time(7)),
            work=destruction.tell_candidates,
            transactional=False,
        ),
        Job(
            name="deadline_reminders",
            label=Label("期限提醒", "Remind of deadlines"),
            cadence=EveryMinutes(RUN_EVERY // timedelta(minutes=1)),
            work=reminder.remind,
            transactional=False,
            in_office=True,
            kept=timedelta(days=30),
        ),
    ]
)
