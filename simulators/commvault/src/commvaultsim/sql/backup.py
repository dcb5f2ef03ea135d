# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL Server backup jobs: what refuses a start, what is kept of each database, how a good end moves the log chain on, and what starts them
besides /Subclient/{id}/action/backup: CreateTask, and the v2 calls per database and instance."""

from __future__ import annotations

import dataclasses as dc
import functools
import typing as t

from commvaultsim.jobs.lifecycle import note, start_job, task_reply
from commvaultsim.sql import content, disk, views
from commvaultsim.sql import model as sql
from commvaultsim.state import model as m
from commvaultsim.state.job import BACKUP, Job, JobFailure, JobPending, Outcome
from commvaultsim.state.registry import TASKS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import flag, to_int

Json = dict[str, t.Any]
REFUSED = 2
COMPRESSED = 0.4  # share of the data that reaches the media
LEVELS = {"1": sql.FULL, "3": sql.DIFFERENTIAL, "6": sql.LOG, sql.FULL: sql.FULL, sql.DIFFERENTIAL: sql.DIFFERENTIAL, sql.LOG: sql.LOG}
NO_SUBCLIENT = "Failed to get any subclient for given association. Check if it is valid"


@dc.dataclass(frozen=True)
class Options:
    """What one job is asked beyond its level; ``names`` limits it to these databases of the subclient."""

    names: tuple[str, ...] = ()
    copy_only: bool = False
    tail_log: bool = False
    log_afterwards: bool = False


def level_of(value: t.Any, by_plan: bool = False) -> str | None:
    """FULL, DIFFERENTIAL or TRANSACTION_LOG from a name in any case or CreateTask's number; None when it is none.

    Plans run "incremental" too, which becomes a differential; on demand it is not valid.
    """
    text = str(value or "").upper().replace(" ", "_")
    if by_plan and text == "INCREMENTAL":
        return sql.DIFFERENTIAL
    return LEVELS.get(text)


def options_of(data: Json, level: str) -> Options:
    """``backupOpts.dataOpt`` of CreateTask.

    :raises ValueError: a combination that SQL Server does not know.
    """
    on = {key for key, value in data.items() if flag(value)}
    forbidden = {
        sql.FULL: {"tailLogBackup", "allowDiffBackupOnReadOnly"},
        sql.DIFFERENTIAL: {"tailLogBackup", "copyOnly"},
        sql.LOG: {"startLogBackupAfterSuccessfullBackup", "allowDiffBackupOnReadOnly", "copyOnly"},
    }[level]
    if {"checksum", "useSqlCompression"} <= on:
        raise ValueError("checksum and useSqlCompression exclude each other.")
    if on & forbidden:
        raise ValueError(f"{', '.join(sorted(on & forbidden))} can't be used with backup level [{level}].")
    return Options((), "copyOnly" in on, "tailLogBackup" in on, "startLogBackupAfterSuccessfullBackup" in on)


def refusal(sim: Simulator, subclient: m.Subclient) -> Reply | None:
    """Why no backup of a subclient can be started, or None."""
    client, instance = sim.clients[subclient.client_id], sql.side(sim).instance(subclient.instance_id)
    for row, what in ((client, "client"), (instance, "instance"), (subclient, "subclient")):
        if row is None or not row.enable_backup:
            return generic(REFUSED, f"Backup activity is disabled for {what} [{row.name if row else ''}].")
    policy = subclient.props["commonProperties"]["storageDevice"].get("dataBackupStoragePolicy")
    if not subclient.plan_id and not policy:
        return generic(REFUSED, f"No plan or storage policy is associated with subclient [{subclient.name}] of client [{client.name}].")
    if not content.databases(sim, subclient):
        return generic(REFUSED, f"Subclient [{subclient.name}] of client [{client.name}] has no database to back up.")
    return None


def start_backup(sim: Simulator, request: Request, subclient: m.Subclient, level: t.Any, options: Options | None = None) -> Job | Reply:
    """Queue a backup job of a subclient, or say why not."""
    known = level_of(level, by_plan="serverplan" in request.path.lower())
    if known is None:
        return generic(REFUSED, f"Backup level [{level}] is not valid for SQL Server: use Full, Differential or Transaction_Log.")
    refused = refusal(sim, subclient)
    if refused:
        return refused
    wanted = options or Options()
    return start_job(
        sim,
        op_type=BACKUP,
        operation="Backup",
        effect=functools.partial(run, wanted),
        level=known,
        client_id=subclient.client_id,
        application_id=sql.SQL_SERVER,
        instance_id=subclient.instance_id,
        backupset_id=subclient.backupset_id,
        subclient_id=subclient.id,
        destination_client_id=subclient.client_id,
        company_id=sim.clients[subclient.client_id].company_id,
        user=request.user or "admin",
        user_id=request.user_id or 1,
        task=request.body if isinstance(request.body, dict) else {},
        result={"names": list(wanted.names or content.names(sim, subclient)), "log_afterwards": wanted.log_afterwards},
    )


def run(options: Options, sim: Simulator, job: Job) -> Outcome:
    """The effect: keep each database of the subclient as it is at this moment."""
    subclient, client = sim.subclients.get(job.subclient_id), sim.clients[job.client_id]
    if subclient is None:
        raise JobFailure("The subclient was deleted before the job ran.")
    if not client.ready:
        raise JobPending(client.ready_reason or f"The client [{client.name}] is not reachable: network connection could not be made.")
    instance = content.instance_of(sim, subclient)
    wanted = {name.casefold() for name in options.names}
    chosen = [row for row in content.databases(sim, subclient) if not wanted or row.name.casefold() in wanted]
    if job.level == sql.LOG and any(row.recovery_model == "FULL" for row in chosen):
        # As the real one does, a log backup of many passes those by that have no log to back up.
        chosen = [row for row in chosen if row.recovery_model == "FULL"]
    kept: list[sql.Backup] = []
    failed: list[Json] = []
    for database in chosen:
        try:
            kept.append(_keep(sim, job, instance, database, options))
        except ValueError as error:
            failed.append({"database": database.name, "reason": str(error)})
            note(sim, job, str(error), 6)
    return _outcome(sim, job, kept, failed)


def _outcome(sim: Simulator, job: Job, kept: list[sql.Backup], failed: list[Json]) -> Outcome:
    if not kept:
        raise JobFailure(failed[0]["reason"] if failed else "There is no database to back up.")
    sql.side(sim).backups.extend(kept)
    if len({row.kind for row in kept}) == 1:
        job.level = kept[0].kind
    size = sum(row.size for row in kept)
    reason = f"{len(failed)} database(s) could not be backed up. First: {failed[0]['reason']}" if failed else ""
    status = "Completed w/ one or more errors" if failed else "Completed"
    result = {"databases": [row.name for row in kept], "failed_items": failed}
    return Outcome(status, reason, len(kept), size, int(size * COMPRESSED), len(failed), 0, result)


def _keep(sim: Simulator, job: Job, instance: sql.SqlInstance, database: sql.Database, options: Options) -> sql.Backup:
    if not database.available:
        raise ValueError(f"Database [{database.name}] cannot be backed up: its state is {database.state}.")
    kind = _kind(sim, job, database)
    backup = sql.Backup(job.id, instance.id, database.id, database.name, database.guid, kind, sim.clock.now(), database.lsn)
    backup.files, backup.recovery_model, backup.copy_only = list(database.files), database.recovery_model, options.copy_only
    backup.created, backup.version, backup.subclient_id = database.created, instance.version, job.subclient_id
    if kind == sql.FULL:
        backup.rows = dict(database.rows)
    elif kind == sql.DIFFERENTIAL:
        _differ(sim, backup, database)
    else:
        backup.first_lsn = database.log_lsn or 0
        backup.changes = [change for change in database.log if change.lsn > backup.first_lsn]
    backup.seal()
    if options.tail_log:
        database.state = sql.RESTORING
        disk.write(sim, instance, database)
    return backup


def _kind(sim: Simulator, job: Job, database: sql.Database) -> str:
    """The kind of backup that a database gets: a differential without a base is converted to a full, a log without one is an error."""
    if job.level == sql.FULL or (database.name.lower() == "master" and job.level == sql.DIFFERENTIAL):
        return sql.FULL
    if job.level == sql.DIFFERENTIAL:
        if database.full_lsn is not None:
            return sql.DIFFERENTIAL
        note(sim, job, f"Database [{database.name}] has no full backup: the differential was converted to a full.", 3)
        return sql.FULL
    if database.recovery_model != "FULL":
        raise ValueError(f"The log of database [{database.name}] cannot be backed up: its recovery model is {database.recovery_model}.")
    if database.log_lsn is None:
        raise ValueError(f"The log of database [{database.name}] cannot be backed up: there is no current full backup of the database.")
    return sql.LOG


def _differ(sim: Simulator, backup: sql.Backup, database: sql.Database) -> None:
    backup.base_lsn = database.full_lsn or 0
    base = next(
        row
        for row in reversed(sql.side(sim).backups_of(backup.instance_id, database.name))
        if row.kind == sql.FULL and row.guid == database.guid and row.last_lsn == backup.base_lsn and not row.copy_only
    )
    backup.rows = {key: row for key, row in database.rows.items() if base.rows.get(key) != row}
    backup.deleted = [key for key in base.rows if key not in database.rows]


def ended(sim: Simulator, job: Job) -> None:
    """The job hook: what a job kept counts when it ended well, and is forgotten when it did not."""
    if job.is_restore or job.application_id != sql.SQL_SERVER:
        return
    side = sql.side(sim)
    if not job.status.startswith(("Completed", "Committed")):
        side.backups = [row for row in side.backups if row.job_id != job.id]
        return
    kept = [row for row in side.backups if row.job_id == job.id]
    for backup in kept:
        backup.end = sim.clock.now()
        _move_on(side, backup)
    # What keeps a client from being deleted for good.
    sim.file_backups.append(m.FileBackup(job.id, job.client_id, job.backupset_id, job.subclient_id, sim.clock.epoch(), job.level))
    subclient = sim.subclients.get(job.subclient_id)
    if subclient and job.result.get("log_afterwards"):
        start_backup(sim, Request("POST", "", user=job.user, user_id=job.user_id), subclient, sql.LOG)


def _move_on(side: sql.SqlSide, backup: sql.Backup) -> None:
    instance = side.instance(backup.instance_id)
    database = next((row for row in instance.databases if row.id == backup.database_id), None) if instance else None
    if database is None or database.guid != backup.guid:
        return
    if backup.kind == sql.LOG:
        database.log_lsn = max(database.log_lsn or 0, backup.last_lsn)
        database.log = [change for change in database.log if change.lsn > backup.last_lsn]
    elif not backup.copy_only:
        if backup.kind == sql.FULL:
            database.full_lsn = backup.last_lsn
        if database.log_lsn is None and database.recovery_model == "FULL":
            database.log_lsn = backup.last_lsn


def _subclients(sim: Simulator, request: Request, entity: Json) -> list[m.Subclient]:
    """The subclients that an association names: one, or all of an instance."""
    named = {**entity, "applicationId": sql.SQL_SERVER}
    if entity.get("subclientId") or entity.get("subclientName"):
        found = sim.subclient_of(named)
        rows = [found] if found else []
    else:
        instance = views.by_entity(sim, request, entity)
        rows = sql.subclients_of(sim, instance.id) if instance else []
    rows = [row for row in rows if row.application_id == sql.SQL_SERVER and sim.visible(request, row.company_id)]
    if not rows:
        raise Refusal(generic(4, NO_SUBCLIENT, 404))
    return rows


def _start(sim: Simulator, request: Request, wanted: list[tuple[m.Subclient, Options]], level: t.Any) -> Reply | Json:
    """One job a subclient; of many, those that can't run are passed by, unless that leaves nothing."""
    jobs: list[Job] = []
    refused: Reply | None = None
    for row, options in wanted:
        if len(wanted) > 1 and refusal(sim, row):
            continue
        started = start_backup(sim, request, row, level, options)
        if isinstance(started, Reply):
            refused = refused or started
        else:
            jobs.append(started)
    return task_reply(*jobs) if jobs else refused or generic(2, "There is no subclient that could be backed up.")


def backup_task(sim: Simulator, request: Request, info: Json) -> Reply | Json:
    """POST /CreateTask, operation type 2."""
    tasks = info.get("subTasks") or [{}]
    task = tasks[0] if isinstance(tasks, list) else tasks
    wish = (task.get("options") or {}).get("backupOpts") or {}
    level = level_of(wish.get("backupLevel"))
    try:
        options = options_of(wish.get("dataOpt") or {}, level) if level else Options()
    except ValueError as error:
        return generic(REFUSED, str(error))
    associations = info.get("associations") or []
    chosen: list[m.Subclient] = []
    for entity in associations if isinstance(associations, list) else [associations]:
        chosen += [row for row in _subclients(sim, request, entity) if row not in chosen]
    return _start(sim, request, [(row, options) for row in chosen], wish.get("backupLevel"))


def _of_databases(sim: Simulator, request: Request, instance: sql.SqlInstance, names: list[str], copy_only: bool = False) -> Reply | Json:
    """A job for each subclient that some of the databases belong to, for just these databases."""
    by_subclient: dict[int, list[str]] = {}
    for name in names:
        owner = content.subclient_of(sim, instance, name)
        if owner is None:
            return generic(2, f"Database [{name}] belongs to no subclient.")
        by_subclient.setdefault(owner.id, []).append(name)
    wanted = [(sim.subclients[key], Options(tuple(found), copy_only=copy_only)) for key, found in by_subclient.items()]
    return _start(sim, request, wanted, request.body.get("backupType"))


def _name(instance: sql.SqlInstance, number: int, name: str = "") -> str:
    found = next((row for row in instance.live() if row.id == number), None) or instance.database(name)
    if found is None:
        raise Refusal(generic(2, f"Database [{name or number}] does not exist on instance [{instance.name}].", 404))
    return found.name


@route("POST", "/v2/sql/instance/{id:int}/databases/{db:int}/backup")
def one_database(sim: Simulator, request: Request) -> Reply | Json:
    """{"backupType": 1 full, 3 differential, 6 log}."""
    instance = views.need(sim, request, request.number("id"))
    return _of_databases(sim, request, instance, [_name(instance, request.number("db"))])


@route("POST", "/v2/sql/instance/{id:int}/backup")
def some_databases(sim: Simulator, request: Request) -> Reply | Json:
    """{"backupType", "database": [ids], "copyOnly"}."""
    instance = views.need(sim, request, request.number("id"))
    names = [_name(instance, to_int(number)) for number in request.body.get("database") or []]
    copy_only = flag(request.body.get("copyOnly"))
    if copy_only and level_of(request.body.get("backupType")) != sql.FULL:
        return generic(REFUSED, "copyOnly can only be used with a full backup.")
    return _of_databases(sim, request, instance, names or [row.name for row in instance.live()], copy_only)


@route("POST", "/v2/sql/instances/{id:int}/backup")
def whole_instance(sim: Simulator, request: Request) -> Reply | Json:
    """Every subclient of an instance, or the one of ?subClientId=."""
    instance = views.need(sim, request, request.number("id"))
    wanted = to_int(request.q("subClientId"))
    rows = [row for row in sql.subclients_of(sim, instance.id) if wanted in (0, row.id)]
    return _start(sim, request, [(row, Options()) for row in rows], request.body.get("backupType"))


@route("POST", "/v2/sql/backup")
def many(sim: Simulator, request: Request) -> Reply | Json:
    """{"backupType", "instances": [{"sourceInstance": {"instanceId"}, "selectedDatabases": [{"databaseName", "databaseId"}]}]}."""
    jobs: list[str] = []
    reply: Reply | Json = generic(2, "No instance was given.")
    for row in request.body.get("instances") or []:
        instance = views.need(sim, request, to_int((row.get("sourceInstance") or {}).get("instanceId")))
        chosen = row.get("selectedDatabases") or []
        names = [_name(instance, to_int(item.get("databaseId")), str(item.get("databaseName") or "")) for item in chosen]
        body = {"backupType": request.body.get("backupType")}
        reply = _of_databases(sim, dc.replace(request, body=body), instance, names or [found.name for found in instance.live()])
        if isinstance(reply, Reply):
            return reply
        jobs += reply["jobIds"]
        reply["jobIds"] = jobs
    return reply


TASKS[(2, sql.SQL_SERVER)] = backup_task
