# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import collections
import dataclasses
import math
import re
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import ApiError, InputError, JobFailed, NotFound, Refused
from ..backups import jobs, recovery_points, restore
from ..backups.recovery_points import RecoveryPoint
from ..backups.restore import Planned, Task
from ..servers import subclients as file_subclients
from ..wire import lookup
from ..wire.replies import listed, number, part
from . import lookup as sql

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
FULL, DIFFERENTIAL, LOG = "full", "differential", "transaction log"
STATES = {"recover": "STATE_RECOVER", "norecovery": "STATE_NORECOVER", "standby": "STATE_STANDBY"}
_DATABASE = {
    "name": {"type": "str", "required": True},
    "new_name": {"type": "str"},
    "files": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"logical": {"type": "str", "required": True}, "path": {"type": "str", "required": True}},
    },
    "data_path": {"type": "str"},
    "log_path": {"type": "str"},
}
SEPARATOR = "|#12!"
LOG_ENDING = ".ldf"
"""The only sign of a log file: the API gives no kind (POST /SQL/RestoreOptions)."""
FORBIDDEN_IN_FILE_NAMES = re.compile(r'[\\/:*?"<>|\x00-\x1f]')
ABSOLUTE = re.compile(r"[A-Za-z]:\\|\\\\[^\\]+\\[^\\]+|/")
OPTIONS = ArgumentSpec(
    {
        "sql": {
            "type": "dict",
            "options": {
                "client": {"type": "str", "required": True},
                "instance": {"type": "str", "required": True},
                "databases": {"type": "list", "elements": "dict", "required": True, "options": _DATABASE},
                "destination_client": {"type": "str"},
                "destination_instance": {"type": "str"},
                "job_id": {"type": "int"},
                "point_in_time": {"type": "str"},
                "overwrite": {"type": "bool", "default": False},
                "drop_connections": {"type": "bool", "default": False},
                "recovery_state": {"type": "str", "choices": list(STATES), "default": "recover"},
                "undo_file": {"type": "str"},
            },
            "mutually_exclusive": [("job_id", "point_in_time")],
            "required_by": {"destination_client": ("destination_instance",)},
            "required_if": [("recovery_state", "standby", ("undo_file",))],
        }
    }
)


@dataclasses.dataclass(frozen=True)
class File:
    """A file of a database as it was backed up. size: the most bytes that it took, as the server says."""

    logical: str
    path: str
    size: int = 0


@dataclasses.dataclass(frozen=True)
class Destination:
    """The instance to restore to, and the databases that it has."""

    instance: sql.Instance
    elsewhere: bool
    there: dict[str, sql.Database]


@dataclasses.dataclass(frozen=True)
class DatabaseRestore:
    """One database of a restore. name: as it will be called. paths: where its files go. relocated: whether that has to be said."""

    source: str
    name: str
    files: list[File]
    paths: list[str]
    relocated: bool
    replaces: bool


@dataclasses.dataclass(frozen=True)
class Moment:
    """The state that a restore is to reach: of a job's end, of an exact time, or the newest. until: epoch seconds, for the request."""

    until: int
    exact: bool
    chains: dict[str, list[RecoveryPoint]]
    """By database: the backups that lead there, oldest first."""

    @property
    def last(self) -> RecoveryPoint:
        """The newest backup that is used."""
        return max((chain[-1] for chain in self.chains.values()), key=lambda point: point.end)


def plan(client: Commvault, wanted: Row) -> Planned:
    """Databases, restored to their instance or to another. wanted: the option sql."""
    _check(wanted)
    source = sql.find_instance(client, wanted["client"], wanted["instance"])
    destination = _destination(client, wanted, source)
    if source is None or destination is None:
        return Planned({"backup_job": None, "databases": []})
    names = [database["name"] for database in wanted["databases"]]
    moment = find_moment(client, source, names, wanted["job_id"], wanted["point_in_time"])
    files = _offer(client, source, destination, names, moment)
    databases = [_database(database, files[database["name"].casefold()], destination) for database in wanted["databases"]]
    _guard(databases, destination, wanted)
    record = _shown(source, destination, moment, databases)
    return Planned(
        record,
        Task(
            {**source.entity, "backupsetName": sql.BACKUPSET},
            request(destination, databases, moment, wanted),
            frozenset({source.client_id}),
        ),
        lambda job: (True, {"databases": _identified(client, destination, record["databases"], job)}),
    )


def request(destination: Destination, planned: list[DatabaseRestore], moment: Moment, options: Row) -> Row:
    """restoreOptions of a SQL Server restore (cvpysdk sqlinstance.py _get_sql_restore_json). The source's names go into the lists."""
    names = [database.source for database in planned]
    devices = [text for row in planned if row.relocated for text in device_strings(row.source, row.name, row.files, row.paths)]
    instance = destination.instance
    exact = {"pointOfTimeRst": True, "pointInTime": {"time": moment.until}} if moment.exact else {"pointOfTimeRst": False}
    return {
        "sqlServerRstOption": {
            "sqlRestoreType": "DATABASE_RESTORE",
            "sqlRecoverType": STATES[options["recovery_state"]],
            "database": names,
            "restoreSource": names,
            "overWrite": options["overwrite"],
            "dropConnectionsToDatabase": options["drop_connections"],
            "logShippingOnly": False,
            "dbOnly": False,
            **({"device": devices} if devices else {}),
            **exact,
        },
        "commonOptions": {"revert": False},
        "destination": {
            "destClient": {"clientId": instance.client_id, "clientName": instance.client},
            "destinationInstance": instance.entity,
        },
        # With a point in time the two moments have to be the same.
        "browseOption": restore.browse_option({}, moment.until),
        "fileOption": {"mapFiles": {"renameFilesSuffix": options["undo_file"]}} if options["recovery_state"] == "standby" else {},
    }


def _check(options: Row) -> None:
    """Refuse what makes no sense, or could smuggle something into a device string, before anything is asked of the server."""
    if not options["databases"]:
        raise InputError("There is nothing to restore: name databases.")
    if options["undo_file"] is not None:
        require_path(options["undo_file"], "undo_file", folder=False)
    jobs.seconds(options["point_in_time"])
    for wanted in options["databases"]:
        label = f'of the database "{wanted["name"]}"'
        if wanted["new_name"] is not None:
            require_plain(wanted["new_name"], f"The new_name {label}")
        for key in ("data_path", "log_path"):
            if wanted[key] is not None:
                require_path(wanted[key], f"The {key} {label}", folder=True)
        for file in wanted["files"]:
            require_plain(file["logical"], f"A logical file {label}")
            require_path(file["path"], f"The path of {file['logical']} {label}", folder=False)
    targets = [wanted["new_name"] or wanted["name"] for wanted in options["databases"]]
    _once([wanted["name"] for wanted in options["databases"]], "is listed twice: restore it once in a task")
    _once(targets, "would be restored twice: give one of them another new_name")
    system = [name for name in targets if name.casefold() in sql.SYSTEM_DATABASES]
    if system:
        raise Refused(
            f'The system database "{system[0]}" is not restored in place: SQL Server would have to run in single-user mode. '
            "Give new_name to restore it beside itself.",
            object=system[0],
        )


def _once(names: list[str], text: str) -> None:
    twice = [name for name, count in collections.Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        raise InputError(f'The database "{twice[0]}" {text}.', object=twice[0])


def _destination(client: Commvault, options: Row, source: sql.Instance | None) -> Destination | None:
    """The instance to restore to, which must be the source's own company's or the provider's."""
    name, instance = options["destination_client"] or options["client"], options["destination_instance"] or options["instance"]
    own = (name.casefold(), instance.casefold()) == (options["client"].casefold(), options["instance"].casefold())
    # The provider's own instance may be restored to, but is not seen from inside a company.
    inside = name.casefold() == options["client"].casefold()
    found = source if own else sql.find_instance(client, name, instance, inside)
    if found is None:
        return None
    if source:
        lookup.require_same_tenant(client, source.owner, found.owner, f'The client "{source.client}"', f'"{found.client}"')
    return Destination(found, not source or found.id != source.id, sql.live_databases(client, found, inside))


def _offer(client: Commvault, source: sql.Instance, destination: Destination, names: list[str], moment: Moment) -> dict[str, list[File]]:
    """The files of each database as backed up, if the instance may be restored to at all (POST /SQL/RestoreOptions; cvpysdk)."""
    body = {
        "restoreDbType": 0,
        "sourceInstanceId": source.id,
        "selectedDatabases": [{"databaseName": name} for name in names],
        "pointInTime": moment.until,
    }
    reply = client.query("/SQL/RestoreOptions", body)
    offered = [part(row, "genericEntity") for row in listed(reply.get("sqlDestinationInstances"))]
    if destination.elsewhere and destination.instance.id not in {number(row, "instanceId") for row in offered}:
        known = ", ".join(sorted(sql.label(str(row.get("clientName")), str(row.get("instanceName"))) for row in offered))
        raise InputError(
            f"Commvault does not offer {destination.instance.label} as a destination: it runs an older SQL Server than {source.label}, or "
            f"restores to it are not allowed. It offers {known or 'none'}.",
            object=destination.instance.label,
        )
    files: dict[str, list[File]] = {name.casefold(): [] for name in names}
    for row in listed(reply.get("sqlDbdeviceItem")):
        found = File(str(row["logicalFileName"]), str(row["fileName"]), number(row, "fileMaxSize"))
        files.setdefault(str(row["databaseName"]).casefold(), []).append(found)
    return files


def _database(wanted: Row, files: list[File], destination: Destination) -> DatabaseRestore:
    name = wanted["new_name"] or wanted["name"]
    renamed = name.casefold() != wanted["name"].casefold()
    relocated = renamed or destination.elsewhere or bool(wanted["files"] or wanted["data_path"] or wanted["log_path"])
    if relocated and not files:
        text = f'Commvault does not tell the files of the database "{wanted["name"]}", so that they cannot be given new places.'
        raise ApiError(text, call="POST /SQL/RestoreOptions", object=wanted["name"])
    paths = places(wanted if renamed else {**wanted, "new_name": None}, files)
    if relocated:
        device_strings(wanted["name"], name, files, paths)
    return DatabaseRestore(wanted["name"], name, files, paths, relocated, name.casefold() in destination.there)


def _guard(planned: list[DatabaseRestore], destination: Destination, options: Row) -> None:
    """Nothing that exists is overwritten unless that was asked for, and no file of another database is aimed at."""
    label = destination.instance.label
    replaced = [row.name for row in planned if row.replaces]
    if replaced and not options["overwrite"]:
        raise Refused(
            f"The database {', '.join(replaced)} exists on {label}: with overwrite it is replaced, and what has changed since the backup "
            "is lost. Give new_name to restore it beside the other one.",
            object=replaced[0],
            databases=replaced,
        )
    going = {row.name.casefold() for row in planned}
    used = {
        path.casefold(): database.name for key, database in destination.there.items() if key not in going for path in database.files or ()
    }
    for row in planned:
        for path in row.paths:
            owner = used.setdefault(path.casefold(), row.name)
            if owner != row.name or sum(path.casefold() == other.casefold() for other in row.paths) > 1:
                raise InputError(
                    f'The file "{path}" of the database "{row.name}" would lie where one of the database "{owner}" lies on {label}. '
                    "Give files, data_path or log_path.",
                    object=path,
                )


def _shown(source: sql.Instance, destination: Destination, moment: Moment, planned: list[DatabaseRestore]) -> Row:
    return {
        "backup_job": moment.last.to_record(),
        "restored_to": jobs.iso(moment.until) if moment.exact else moment.last.record["end_time"],
        "source": {"client": source.client, "instance": source.name},
        "destination": {
            "client": destination.instance.client,
            "instance": destination.instance.name,
            "in_place": not destination.elsewhere and not any(row.relocated for row in planned),
        },
        "databases": [
            {
                "source": row.source,
                "name": row.name,
                "replaced": row.replaces,
                "backup_jobs": [point.record["id"] for point in moment.chains[row.source]],
                "files": [
                    {"logical": file.logical, "path": path, "source_path": file.path, "size": file.size}
                    for file, path in zip(row.files, row.paths, strict=True)
                ],
                "id": None,
                "state": None,
                "recovery_model": None,
            }
            for row in planned
        ],
    }


def _identified(client: Commvault, destination: Destination, rows: list[Row], job: Row) -> list[Row]:
    """Read back what the instance has now. A job can say that it succeeded; the database being there is another matter."""
    inside = not destination.elsewhere or destination.instance.owner.company_id not in (None, 0)
    there = sql.live_databases(client, destination.instance, inside)
    missing = [row["name"] for row in rows if row["name"].casefold() not in there]
    if missing:
        raise JobFailed(
            f'Job {job["id"]} says {job["status"]}, but {destination.instance.label} has no database "{missing[0]}". '
            "Look at the job's events in Commvault.",
            jobs=[job],
        )
    found = [there[row["name"].casefold()] for row in rows]
    return [
        {**row, "name": one.name, "id": one.id or None, "state": one.state, "recovery_model": one.recovery_model}
        for row, one in zip(rows, found, strict=True)
    ]


# Which backups lead to a state of a database, as far as the job history tells: a full, a differential, logs


def find_moment(client: Commvault, instance: sql.Instance, names: t.Sequence[str], job_id: int | None, point_in_time: str | None) -> Moment:
    """The moment asked for, and the backups of each database that lead there. Raises NotFound where there are none."""
    homes = _homes(client, instance, names)
    history = recovery_points.of(client, {"clientId": instance.client_id}, lambda row: _is_of(row, instance))
    exact = jobs.seconds(point_in_time)
    read: list[RecoveryPoint] = []
    chosen: RecoveryPoint | None = None
    for point in history:
        read.append(point)
        if job_id is not None and point.record["id"] == job_id:
            chosen = point
        limit = _limit(job_id, exact, chosen)
        if limit is not None and all(_full(_of(read, homes[name]), limit) for name in names):
            break
    if job_id is not None and chosen is None:
        raise NotFound(
            f"Job {job_id} is no backup of {instance.label} that can be restored from: it does not exist, failed, or has aged out.",
            object=instance.label,
        )
    limit = _limit(job_id, exact, chosen) or math.inf
    chains = {name: _chain(_of(read, homes[name]), name, instance, limit, exact, chosen) for name in names}
    until = exact or (chosen.until if chosen else max(chain[-1].until for chain in chains.values()))
    return Moment(until, bool(exact), chains)


def _limit(job_id: int | None, exact: int, chosen: RecoveryPoint | None) -> float | None:
    """The end of the last backup that may be used; None while the job is still looked for."""
    if job_id is not None:
        return chosen.end if chosen else None
    return exact or math.inf


def _homes(client: Commvault, instance: sql.Instance, names: t.Sequence[str]) -> dict[str, set[int]]:
    """By database the subclients that list it now; all of the instance where none does, as with a database that was dropped."""
    ids = [file_subclients.number(row) for row in sql.subclients_of(client, instance.client, instance.name)]
    details = client.pool.read(lambda subclient: file_subclients.read(client, subclient), ids)
    held = {subclient: {name.casefold() for name in sql.databases_of(details[subclient] or {})} for subclient in ids}
    return {name: {subclient for subclient in ids if name.casefold() in held[subclient]} for name in names}


def _is_of(entity: Row, instance: sql.Instance) -> bool:
    return entity.get("applicationId") == sql.SQL_SERVER and entity.get("instanceId") == instance.id


def _of(read: list[RecoveryPoint], homes: set[int]) -> list[RecoveryPoint]:
    return [point for point in read if not homes or point.record["subclient_id"] in homes]


def _level(point: RecoveryPoint) -> str:
    return str(point.record["level"] or "").casefold().replace("_", " ")


def _full(newest_first: list[RecoveryPoint], limit: float) -> RecoveryPoint | None:
    return next((point for point in newest_first if point.end <= limit and _level(point) == FULL), None)


def _require_full(newest_first: list[RecoveryPoint], limit: float, label: str, name: str) -> RecoveryPoint:
    full = _full(newest_first, limit)
    if full is None:
        by = "" if math.isinf(limit) else f" that had ended by {jobs.iso(limit)}"
        raise NotFound(f"There is no full backup of {label}{by}. Back it up first, with calligo.baas.commvault_backup.", object=name)
    return full


def _chain(
    newest_first: list[RecoveryPoint], name: str, instance: sql.Instance, limit: float, exact: int, chosen: RecoveryPoint | None
) -> list[RecoveryPoint]:
    label = f'the database "{name}" of {instance.label}'
    if chosen and chosen not in newest_first:
        raise NotFound(
            f"Job {chosen.record['id']} did not back up {label}, or that was in another subclient then. Give point_in_time instead.",
            object=name,
        )
    full = _require_full(newest_first, limit, label, name)
    later = [point for point in reversed(newest_first) if full.end <= point.end]
    differentials = [point for point in later if _level(point) == DIFFERENTIAL and point.end <= limit]
    base = [full, *differentials[-1:]]
    logs = [point for point in later if _level(point) == LOG and point.end >= base[-1].end]
    chain = base + [point for point in logs if point.end <= limit]
    if exact and chain[-1].end < exact:
        return [*chain, _log_beyond(exact, logs, chain[-1], label, name)]
    return chain


def _log_beyond(exact: int, logs: list[RecoveryPoint], last: RecoveryPoint, label: str, name: str) -> RecoveryPoint:
    """The log backup that holds what happened until an exact time: the first that was made after it. last: the newest backup before."""
    after = [point for point in logs if point.end > exact]
    if not after:
        raise NotFound(
            f"No log backup of {label} reaches {jobs.iso(exact)}: the newest backup, of job {last.record['id']}, ended at "
            f"{last.record['end_time']}. Back the log up first (level transaction_log), or give an earlier point_in_time.",
            object=name,
        )
    return after[0]


# Which file of a database goes where, and the device strings that say so. Nothing here asks a server


def require_plain(text: str, what: str) -> str:
    """The text, if it cannot be taken for more than one field of a device string."""
    if not text.strip():
        raise InputError(f"{what} is empty.")
    if "|" in text or "#12!" in text or any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise InputError(f'{what} is "{text}": Commvault cannot take the signs | and #12! and control characters there.', object=text)
    return text


def require_path(path: str, what: str, folder: bool) -> str:
    """The path, if it is whole: with a drive, a share or from the root, and a file name at its end where that is asked for."""
    require_plain(path, what)
    if not ABSOLUTE.match(path) or (not folder and path.endswith(("\\", "/"))):
        example = "E:\\SQL" if folder else "E:\\SQL\\Sales.mdf"
        raise InputError(f'{what} is "{path}": give the whole path, as in {example}.', object=path)
    return path


def places(wanted: Row, files: list[File]) -> list[str]:
    """Where each file of a database goes. wanted: name, new_name, files, data_path, log_path. Raises InputError for a file it has not."""
    chosen = {item["logical"].casefold(): item["path"] for item in wanted["files"]}
    unknown = sorted(chosen.keys() - {file.logical.casefold() for file in files})
    if unknown:
        known = ", ".join(file.logical for file in files)
        text = f'The database "{wanted["name"]}" has no logical file {", ".join(unknown)}. It has {known}.'
        raise InputError(text, object=wanted["name"])
    return [chosen.get(file.logical.casefold()) or _place(wanted, file) for file in files]


def device_strings(source: str, target: str, files: list[File], paths: list[str]) -> list[str]:
    """The device strings of one database, one for each of its files (cvpysdk sqlinstance.py; VDI_RESTORE_FORMAT of the vendor)."""
    require_plain(source, "The name of the database")
    strings = []
    for file, path in zip(files, paths, strict=True):
        fields = (source, target, file.logical, path, file.path)
        for field, what in zip(fields, ("database", "new name", "logical file", "new path", "path"), strict=True):
            require_plain(field, f'A {what} of the database "{source}"')
        strings.append("|" + SEPARATOR.join(fields))
    return strings


def _place(wanted: Row, file: File) -> str:
    separator = "/" if file.path.startswith("/") else "\\"
    folder, _separator, base = file.path.rpartition(separator)
    if wanted["new_name"]:
        base = _renamed(base, wanted["name"], wanted["new_name"])
    moved = wanted["log_path"] if file.path.casefold().endswith(LOG_ENDING) else wanted["data_path"]
    if moved:
        separator = "/" if moved.startswith("/") else "\\"
        folder = moved.rstrip(separator)
    return f"{folder}{separator}{base}"


def _renamed(base: str, name: str, new_name: str) -> str:
    """A file's name for a renamed database: the new name instead of the old one, or before it, so that it stays unlike the original's."""
    fresh = FORBIDDEN_IN_FILE_NAMES.sub("_", new_name).rstrip(". ")
    old = FORBIDDEN_IN_FILE_NAMES.sub("_", name)
    if base.casefold().startswith(old.casefold()):
        return fresh + base[len(old) :]
    return f"{fresh}_{base}"
