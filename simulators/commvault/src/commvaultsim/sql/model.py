# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the simulator knows about SQL Servers (application 81): instances, their databases as they are now, and what was backed up.

A database is a small table of rows, a log of the changes to it, and files that exist as names and sizes only. Log sequence numbers
(LSN) count the changes of one database.
"""

from __future__ import annotations

import dataclasses as dc
import hashlib
import json
import pathlib
import re
import typing as t

from commvaultsim.state import model as m

if t.TYPE_CHECKING:
    from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
Rows = dict[str, Json]

SQL_SERVER = m.SQL_SERVER
FULL, DIFFERENTIAL, LOG = "FULL", "DIFFERENTIAL", "TRANSACTION_LOG"
ONLINE, RESTORING, STANDBY, SUSPECT = "ONLINE", "RESTORING", "STANDBY", "SUSPECT"
SYSTEM_DATABASES = ("master", "model", "msdb")


@dc.dataclass(frozen=True)
class Change:
    """A record of a database's log: the row after the change, or None when it was deleted."""

    lsn: int
    time: float
    key: str
    row: Json | None


@dc.dataclass(frozen=True)
class DataFile:
    """A file of a database; ``size`` in bytes."""

    logical: str
    physical: str
    kind: str = "DATA"
    size: int = 0


@dc.dataclass
class Database:
    """A database on an instance as it is now.

    ``guid`` changes with every restore: what was backed up before belongs to another history. ``full_lsn`` is where the last full backup
    stood (the base of differentials), ``log_lsn`` where the next log backup begins; None while a full backup has to come first.
    """

    id: int
    name: str
    guid: str
    created: int
    recovery_model: str = "FULL"
    state: str = ONLINE
    files: list[DataFile] = dc.field(default_factory=list)
    rows: Rows = dc.field(default_factory=dict)
    log: list[Change] = dc.field(default_factory=list)
    lsn: int = 0
    full_lsn: int | None = None
    log_lsn: int | None = None
    connections: int = 0
    restricted: bool = False
    dropped: bool = False
    signature: tuple[int, int] = (0, 0)

    @property
    def system(self) -> bool:
        """Whether it belongs to SQL Server itself."""
        return self.name.lower() in SYSTEM_DATABASES

    @property
    def available(self) -> bool:
        """Whether it can be backed up."""
        return self.state == ONLINE and not self.dropped


@dc.dataclass
class SqlInstance:
    """An instance on a server, whether Commvault knows it (``id`` is its instance id then) or not (0)."""

    client_id: int
    name: str
    version: str = "16.0.4105.2"
    id: int = 0
    data_path: str = "D:\\SQL\\Data"
    log_path: str = "L:\\SQL\\Log"
    drives: list[str] = dc.field(default_factory=list)
    databases: list[Database] = dc.field(default_factory=list)
    plan_id: int = 0
    description: str = ""
    enable_backup: bool = True
    enable_restore: bool = True
    props: Json = dc.field(default_factory=dict)

    def live(self, system: bool = True) -> list[Database]:
        """The databases that are there, by name; ``system`` ones too unless told otherwise."""
        found = [row for row in self.databases if not row.dropped and (system or not row.system)]
        return sorted(found, key=lambda row: row.name.casefold())

    def database(self, name: str) -> Database | None:
        """A live database by name; SQL Server does not look at the case."""
        return next((row for row in self.live() if row.name.casefold() == name.casefold()), None)


@dc.dataclass
class Backup:
    """What one job kept of one database.

    A full holds all ``rows``; a differential those that changed since the full at ``base_lsn``, and which were ``deleted``; a log holds the
    ``changes`` after ``first_lsn``. Each reaches to ``last_lsn``. ``end`` is when the job ended, 0 while it runs.
    """

    job_id: int
    instance_id: int
    database_id: int
    name: str
    guid: str
    kind: str
    time: float
    last_lsn: int
    first_lsn: int = 0
    base_lsn: int = 0
    rows: Rows = dc.field(default_factory=dict)
    deleted: list[str] = dc.field(default_factory=list)
    changes: list[Change] = dc.field(default_factory=list)
    files: list[DataFile] = dc.field(default_factory=list)
    recovery_model: str = "FULL"
    copy_only: bool = False
    created: int = 0
    version: str = ""
    subclient_id: int = 0
    size: int = 0
    digest: str = ""
    end: float = 0.0

    @property
    def complete(self) -> bool:
        """Whether the job ended well."""
        return self.end > 0

    def content(self) -> bytes:
        """The bytes on the media."""
        kept = {"rows": self.rows, "deleted": self.deleted, "changes": [dc.astuple(change) for change in self.changes]}
        return json.dumps(kept, sort_keys=True, ensure_ascii=False).encode()

    def seal(self) -> None:
        """Note size and checksum of what is kept."""
        content = self.content()
        self.size, self.digest = len(content), hashlib.sha256(content).hexdigest()

    @property
    def intact(self) -> bool:
        """Whether what is kept is what was sealed."""
        return hashlib.sha256(self.content()).hexdigest() == self.digest


@dc.dataclass
class SqlSide:
    """Everything about SQL in one simulator. ``root`` holds the live databases as files."""

    root: pathlib.Path
    instances: list[SqlInstance] = dc.field(default_factory=list)
    backups: list[Backup] = dc.field(default_factory=list)

    def instance(self, number: int) -> SqlInstance | None:
        """The instance that Commvault knows by that id."""
        return next((row for row in self.instances if row.id == number and number), None)

    def of_client(self, client_id: int, name: str = "") -> list[SqlInstance]:
        """The instances of a server, or the one of that name."""
        return [row for row in self.instances if row.client_id == client_id and name.lower() in ("", row.name.lower())]

    def backups_of(self, instance_id: int, name: str = "") -> list[Backup]:
        """The finished backups of an instance (or of one database of it), oldest first."""
        rows = [row for row in self.backups if row.instance_id == instance_id and row.complete]
        return [row for row in rows if name.casefold() in ("", row.name.casefold())]


def side(sim: Simulator) -> SqlSide:
    """The SQL side of a simulator; made on first use."""
    return sim.side(SqlSide, lambda: SqlSide(sim.state_dir / "sql"))


def digest(rows: Rows) -> str:
    """SHA-256 of a table, the same however the rows are ordered."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def subclients_of(sim: Simulator, instance_id: int) -> list[m.Subclient]:
    """The subclients of an instance in the order of their ids."""
    return [row for _key, row in sorted(sim.subclients.items()) if row.application_id == SQL_SERVER and row.instance_id == instance_id]


def version_of(text: str) -> tuple[int, ...]:
    """A version that can be compared."""
    return tuple(int(part) for part in re.findall(r"\d+", text)[:2])
