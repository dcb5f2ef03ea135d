# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import collections
import dataclasses
import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import ApiError, InputError, JobFailed, Refused
from ..backups import jobs, restore
from ..wire import lookup
from ..wire.replies import listed
from . import files as sql_files
from . import lookup as sql
from . import points as sql_points
from .files import File

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]
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
class Destination:
    """The instance to restore to, and the databases that it has."""

    instance: sql.Instance
    elsewhere: bool
    there: dict[str, sql.Database]


@dataclasses.dataclass(frozen=True)
class Planned:
    """One database of a restore. name: as it will be called. paths: where its files go. relocated: whether that has to be said."""

    source: str
    name: str
    files: list[File]
    paths: list[str]
    relocated: bool
    replaces: bool


def run(client: Commvault, params: Row) -> Row:
    """Restore databases, or in check mode say what would be restored. Everything is looked up and checked before the job is started."""
    options = params["sql"]
    _check(options)
    source = sql.find(client, options["client"], options["instance"])
    destination = _destination(client, options, source)
    if source is None or destination is None:
        return {"changed": True, "restore": {"job": None, "backup_job": None, "databases": []}}
    names = [wanted["name"] for wanted in options["databases"]]
    moment = sql_points.find(client, source, names, options["job_id"], options["point_in_time"])
    files = _offer(client, source, destination, names, moment)
    planned = [_plan(wanted, files[wanted["name"].casefold()], destination) for wanted in options["databases"]]
    _guard(planned, destination, options)
    shown = _shown(source, destination, moment, planned)
    if client.check_mode:
        return {"changed": True, "restore": {"job": None, **shown}}
    association = {**source.entity, "backupsetName": sql.BACKUPSET}
    job = restore.run_job(client, association, request(destination, planned, moment, options), {source.client_id}, params)
    if params["wait"]:
        _identify(client, destination, shown["databases"], job)
    return {"changed": True, "restore": {"job": job, **shown}}


def request(destination: Destination, planned: list[Planned], moment: sql_points.Moment, options: Row) -> Row:
    """restoreOptions of a SQL Server restore (cvpysdk sqlinstance.py _get_sql_restore_json). The source's names go into the lists."""
    names = [database.source for database in planned]
    devices = [text for row in planned if row.relocated for text in sql_files.devices(row.source, row.name, row.files, row.paths)]
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
        sql_files.require_path(options["undo_file"], "undo_file", folder=False)
    jobs.seconds(options["point_in_time"])
    for wanted in options["databases"]:
        label = f'of the database "{wanted["name"]}"'
        if wanted["new_name"] is not None:
            sql_files.require_plain(wanted["new_name"], f"The new_name {label}")
        for key in ("data_path", "log_path"):
            if wanted[key] is not None:
                sql_files.require_path(wanted[key], f"The {key} {label}", folder=True)
        for file in wanted["files"]:
            sql_files.require_plain(file["logical"], f"A logical file {label}")
            sql_files.require_path(file["path"], f"The path of {file['logical']} {label}", folder=False)
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
    found = source if own else sql.find(client, name, instance, inside)
    if found is None:
        return None
    if source:
        lookup.require_same_tenant(source.owner, found.owner, f'The client "{source.client}"', f'"{found.client}"')
    return Destination(found, not source or found.id != source.id, sql.live_databases(client, found, inside))


def _offer(
    client: Commvault, source: sql.Instance, destination: Destination, names: list[str], moment: sql_points.Moment
) -> dict[str, list[File]]:
    """The files of each database as backed up, if the instance may be restored to at all (POST /SQL/RestoreOptions; cvpysdk)."""
    body = {
        "restoreDbType": 0,
        "sourceInstanceId": source.id,
        "selectedDatabases": [{"databaseName": name} for name in names],
        "pointInTime": moment.until,
    }
    reply = client.query("/SQL/RestoreOptions", body)
    offered = [row.get("genericEntity") or {} for row in listed(reply.get("sqlDestinationInstances"))]
    if destination.elsewhere and destination.instance.id not in {int(row.get("instanceId") or 0) for row in offered}:
        known = ", ".join(sorted(sql.label(str(row.get("clientName")), str(row.get("instanceName"))) for row in offered))
        raise InputError(
            f"Commvault does not offer {destination.instance.label} as a destination: it runs an older SQL Server than {source.label}, or "
            f"restores to it are not allowed. It offers {known or 'none'}.",
            object=destination.instance.label,
        )
    files: dict[str, list[File]] = {name.casefold(): [] for name in names}
    for row in listed(reply.get("sqlDbdeviceItem")):
        found = File(str(row["logicalFileName"]), str(row["fileName"]), int(row.get("fileMaxSize") or 0))
        files.setdefault(str(row["databaseName"]).casefold(), []).append(found)
    return files


def _plan(wanted: Row, files: list[File], destination: Destination) -> Planned:
    name = wanted["new_name"] or wanted["name"]
    renamed = name.casefold() != wanted["name"].casefold()
    relocated = renamed or destination.elsewhere or bool(wanted["files"] or wanted["data_path"] or wanted["log_path"])
    if relocated and not files:
        text = f'Commvault does not tell the files of the database "{wanted["name"]}", so that they cannot be given new places.'
        raise ApiError(text, call="POST /SQL/RestoreOptions", object=wanted["name"])
    paths = sql_files.places(wanted if renamed else {**wanted, "new_name": None}, files)
    if relocated:
        sql_files.devices(wanted["name"], name, files, paths)
    return Planned(wanted["name"], name, files, paths, relocated, name.casefold() in destination.there)


def _guard(planned: list[Planned], destination: Destination, options: Row) -> None:
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


def _shown(source: sql.Instance, destination: Destination, moment: sql_points.Moment, planned: list[Planned]) -> Row:
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


def _identify(client: Commvault, destination: Destination, rows: list[Row], job: Row) -> None:
    """Read back what the instance has now. A job can say that it succeeded; the database being there is another matter."""
    inside = not destination.elsewhere or destination.instance.owner.company_id not in (None, 0)
    there = sql.live_databases(client, destination.instance, inside)
    for row in rows:
        found = there.get(row["name"].casefold())
        if found is None:
            raise JobFailed(
                f'Job {job["id"]} says {job["status"]}, but {destination.instance.label} has no database "{row["name"]}". '
                "Look at the job's events in Commvault.",
                jobs=[job],
            )
        row.update(name=found.name, id=found.id or None, state=found.state, recovery_model=found.recovery_model)
