"""What a trial is made of, as its processes are told it."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from config.channels import Channel, Kind
from config.settings import Settings

SECRET = "used-for-a-trial-and-kept-nowhere-" * 2


@dataclass(frozen=True)
class Plan:
    """The size of a trial and how fast its clock goes. Durations are seconds unless they say otherwise."""

    reminders: int = 500
    people: int = 20
    workers: int = 3
    kills: int = 5
    pauses: int = 2
    failovers: int = 1
    lease: float = 2.0
    tick: float = 0.1
    election: float = 1.0
    speed: float = 60.0
    """How many of the trial's seconds go by in one."""
    spread_minutes: int = 20
    """Over how many of the trial's minutes the deadlines lie."""
    takeover: float = 30.0
    """Within this time another worker must have the lease."""


@dataclass(frozen=True)
class World:
    """Where a trial takes place. Its time was `opens` when the machine's clock stood at `began`."""

    uri: str
    database: str
    data_dir: str
    smtp_url: str
    webhooks: tuple[str, ...]
    opens: str
    began: float
    speed: float
    lease: float
    tick: float

    def text(self) -> str:
        """For the command line of a worker."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> World:
        """The world in a command line."""
        told = json.loads(text)
        return cls(**{**told, "webhooks": tuple(told["webhooks"])})

    def clock(self) -> datetime:
        """The time of the trial."""
        gone = timedelta(seconds=(time.time() - self.began) * self.speed)
        now = datetime.fromisoformat(self.opens) + gone
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def settings(self) -> Settings:
        """The installation that the workers belong to."""
        channels = tuple(
            Channel(f"robot{number}", Kind.SIGNED, "机器人", "Robot", url, SECRET, private=True)
            for number, url in enumerate(self.webhooks)
        )
        return Settings(
            secret_key=SECRET,
            password_salt=SECRET,
            totp_secret=SECRET,
            mongodb_uri=self.uri,
            database=self.database,
            data_dir=Path(self.data_dir),
            smtp_url=self.smtp_url,
            channels=channels,
        )
