"""How a command says no: one line on standard error and an exit code."""

from __future__ import annotations

from typing import Any

import click
from pymongo.errors import PyMongoError

from backoffice.supervisor import SupervisorError
from config.database import DatabaseError
from config.embedded import EmbeddedError
from config.policy import PolicyError
from config.settings import SettingsError
from models.checks import WrongDeclarations
from models.errors import Spoken


class Failure(click.ClickException):
    """The work was refused or failed: exit code 1."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class WrongSettings(Failure):
    """The program was told something that makes no sense: exit code 2, as for wrong usage."""

    exit_code = 2


class OneLineErrors(click.Group):
    """A group whose commands end with one clear line instead of a stack trace."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (SettingsError, PolicyError) as error:
            raise WrongSettings(str(error)) from error
        except WrongDeclarations as error:
            for finding in error.findings:
                click.echo(finding.line(), err=True)
            raise Failure(f"{len(error.findings)} wrong declarations") from error
        except (SupervisorError, EmbeddedError, DatabaseError, Spoken) as error:
            raise Failure(str(error)) from error
        except PyMongoError as error:
            # Its text can hold stored values.
            raise Failure(f"the database broke off the work ({type(error).__name__})") from error
