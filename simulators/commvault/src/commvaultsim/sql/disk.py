# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live databases on disk: ``<state>/sql/<client>/<instance>/<database>.json``.

A file may be edited, deleted, added or damaged from outside, as if somebody worked on the database: :func:`sync` sees the change and
writes it into the database's log with the simulator's time.
"""

from __future__ import annotations

import dataclasses as dc
import hashlib
import json
import pathlib
import typing as t
from urllib.parse import unquote

from commvaultsim.sql import model as sql
from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
FORBIDDEN = '<>:"|?*/\\%'
SUFFIX = ".json"
MEGABYTE = 1 << 20


def quoted(name: str) -> str:
    """A name as a file name: what a file name can't hold is percent-encoded."""
    return "".join(f"%{ord(char):02X}" if char in FORBIDDEN or ord(char) < 32 else char for char in name)


def directory(sim: Simulator, instance: sql.SqlInstance) -> pathlib.Path:
    """Where the databases of an instance lie."""
    return sql.side(sim).root / quoted(sim.clients[instance.client_id].name) / quoted(instance.name)


def path_of(sim: Simulator, instance: sql.SqlInstance, name: str) -> pathlib.Path:
    """The file of a database."""
    return directory(sim, instance) / (quoted(name) + SUFFIX)


def table(rows: t.Iterable[Json]) -> sql.Rows:
    """Rows as they stand in a file, by their ``id``.

    :raises ValueError: a row has no id, or two have the same.
    """
    found: sql.Rows = {}
    for row in rows:
        key = str(row.get("id", ""))
        if not key or key in found:
            raise ValueError(f"each row needs an id of its own: {row}")
        found[key] = row
    return found


def default_files(instance: sql.SqlInstance, name: str) -> list[sql.DataFile]:
    """One data and one log file in the instance's default directories."""
    stem = quoted(name)
    return [
        sql.DataFile(name, f"{instance.data_path}\\{stem}.mdf", "DATA", 64 * MEGABYTE),
        sql.DataFile(f"{name}_log", f"{instance.log_path}\\{stem}_log.ldf", "LOG", 16 * MEGABYTE),
    ]


def add(sim: Simulator, instance: sql.SqlInstance, name: str, rows: sql.Rows, **more: t.Any) -> sql.Database:
    """A new database on an instance, written to disk; ``more`` are fields of Database."""
    number = sim.new_id()
    database = sql.Database(number, name, sim.guid("database", number), sim.clock.epoch(), rows=rows, **more)
    database.files = database.files or default_files(instance, name)
    instance.databases.append(database)
    write(sim, instance, database)
    return database


def checksum(rows: sql.Rows) -> str:
    """SHA-256 over the rows as JSON with sorted keys and without blanks: what SQL Server's page checksums are to DBCC CHECKDB."""
    text = json.dumps(list(rows.values()), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write(sim: Simulator, instance: sql.SqlInstance, database: sql.Database, written: str | None = None) -> None:
    """Bring the file of a database up to date. written: the checksum of what was meant to be written, where the rows are damaged."""
    content = {
        "name": database.name,
        "checksum": written or checksum(database.rows),
        "recovery_model": database.recovery_model,
        "state": database.state,
        "files": [dc.asdict(item) for item in database.files],
        "rows": list(database.rows.values()),
    }
    target = path_of(sim, instance, database.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.tmp")
    draft.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    draft.replace(target)
    database.signature = _signature(target)


def _signature(path: pathlib.Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def sync(sim: Simulator, instance: sql.SqlInstance) -> sql.SqlInstance:
    """Look at the files of an instance and note what became of its databases; answers the instance."""
    place = directory(sim, instance)
    present = {unquote(file.name.removesuffix(SUFFIX)): file for file in place.glob(f"*{SUFFIX}") if not file.name.startswith(".")}
    for database in instance.live():
        file = present.pop(database.name, None)
        if file is None:
            database.dropped = True
        elif _signature(file) != database.signature:
            database.signature = _signature(file)
            _read(sim, database, file)
    for name, file in present.items():
        number = sim.new_id()
        database = sql.Database(number, name, sim.guid("database", number), sim.clock.epoch(), signature=_signature(file))
        database.files = default_files(instance, name)
        instance.databases.append(database)
        _read(sim, database, file)
    return instance


def _read(sim: Simulator, database: sql.Database, file: pathlib.Path) -> None:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        rows = table(content["rows"])
        files = [sql.DataFile(**item) for item in content.get("files") or []]
    except (ValueError, KeyError, TypeError, AttributeError):
        database.state = sql.SUSPECT
        return
    database.state = str(content.get("state") or sql.ONLINE).upper()
    database.files = files or database.files
    change(sim, database, rows)
    set_recovery_model(database, str(content.get("recovery_model") or "FULL"))


def change(sim: Simulator, database: sql.Database, rows: sql.Rows) -> None:
    """Give a database these rows; each difference is a record of its log."""
    for key in [*rows, *(gone for gone in database.rows if gone not in rows)]:
        if database.rows.get(key) != rows.get(key):
            database.lsn += 1
            database.log.append(sql.Change(database.lsn, sim.clock.now(), key, rows.get(key)))
    database.rows = dict(rows)
    if database.recovery_model == "SIMPLE":
        database.log.clear()


def set_recovery_model(database: sql.Database, wanted: str) -> None:
    """FULL or SIMPLE. The simple model gives the log up: a new full or differential has to start the chain again.

    :raises ValueError: another word.
    """
    wanted = wanted.upper()
    if wanted not in ("FULL", "SIMPLE"):
        raise ValueError(f"recovery_model is full or simple, not {wanted!r}")
    if wanted != database.recovery_model:
        database.lsn += 1
    database.recovery_model = wanted
    if wanted == "SIMPLE":
        database.log_lsn = None
        database.log.clear()
