"""The `backoffice` command: a group to which each noun of `backoffice.commands` adds its commands."""

from __future__ import annotations

import click

from backoffice.commands import (
    audit,
    backup,
    calendar,
    checks,
    demo,
    exchange,
    jobs,
    keys,
    scheduler,
    schema,
    scorecard,
    serve,
    token,
    types,
    user,
)
from backoffice.commands.errors import OneLineErrors

SETTINGS_HELP = """
\b
Settings come from the environment:
  BACKOFFICE_DATA        folder of the embedded database, secrets, mail and logs (./var)
  PORT                   port of the web (8000)
  BACKOFFICE_HOST        address that the web listens on (127.0.0.1)
  BACKOFFICE_BASE_URL    address that people use, for links in mail
  BACKOFFICE_TRUSTED_HOSTS  host names that requests may carry, separated by commas
  BACKOFFICE_PROXIES     how many proxies stand before the web (0)
  BACKOFFICE_DEMO        1: the sign-in page offers demonstration people
  BACKOFFICE_POLICY      a TOML file with durations and thresholds that differ
  BACKOFFICE_MAX_UPLOAD_BYTES  largest file that is accepted (20 MB)
  CLAMD_URL              virus scanner of uploaded files: unix:///path or tcp://host:port
  MONGODB_URI            a MongoDB replica set to use instead of the embedded one
  BACKOFFICE_DATABASE    name of the database there (backoffice)
  BACKOFFICE_DATABASE_CACHE_GB  memory for the embedded database's cache (a quarter, to 8)
  BACKOFFICE_AUDIT_DATABASE  database of the audit trail (BACKOFFICE_DATABASE)
  BACKOFFICE_AUDIT_DIR   folder of the audit trail's signed checkpoints (BACKOFFICE_DATA/audit)
  BACKOFFICE_BACKUP_DIR  folder of the daily backups (BACKOFFICE_DATA/backup)
  BACKOFFICE_BACKUP_KEEP how many daily backups are kept (7)
  AUDIT_KEY_FILE, AUDIT_KEY, AUDIT_KEY_PREVIOUS  key that signs them, else made once
  SECRET_KEY, PASSWORD_SALT, TOTP_SECRET  needed with MONGODB_URI, else made once
  MASTER_KEY_FILE, MASTER_KEY, MASTER_KEY_PREVIOUS  key of encrypted fields; made once
                         without MONGODB_URI
  BACKOFFICE_KEY_SERVICE a TOML file with a key service that stands instead of a master key
  BACKOFFICE_KEYS_BACKUP file in which a backup of the data keys is kept up to date
  SMTP_URL, MAIL_FROM    mail server; without one, mail is written to the folder mail
  BACKOFFICE_CHANNELS    a TOML file with the group robots and webhooks that messages may go to
  LOG_LEVEL              DEBUG, INFO, WARNING or ERROR (INFO)

Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings.
"""


@click.group(
    cls=OneLineErrors,
    epilog=SETTINGS_HELP,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="backoffice", prog_name="backoffice")
def main() -> None:
    """The back office of a customer-service department.

    'backoffice serve --demo' starts everything, with a demonstration department to look at.
    """


for command in (
    *serve.COMMANDS,
    *scheduler.COMMANDS,
    *jobs.COMMANDS,
    *calendar.COMMANDS,
    *schema.COMMANDS,
    *types.COMMANDS,
    *scorecard.COMMANDS,
    *demo.COMMANDS,
    *exchange.COMMANDS,
    *checks.COMMANDS,
    *audit.COMMANDS,
    *backup.COMMANDS,
    *keys.COMMANDS,
    *user.COMMANDS,
    *token.COMMANDS,
):
    main.add_command(command)
