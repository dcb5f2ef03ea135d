# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import InputError

if t.TYPE_CHECKING:
    from .lookup import SqlSource

# What is particular to backups of SQL Server: its levels, and the options of a single backup.

Row = dict[str, t.Any]
KEYS = {
    "copy_only": "copyOnly",
    "log_backup_afterwards": "startLogBackupAfterSuccessfullBackup",
    "compression": "useSqlCompression",
    "checksum": "checksum",
}
"""The API's names, with its spelling (cvpysdk sqlsubclient.py)."""
OPTIONS: Row = {
    "type": "dict",
    "options": {key: {"type": "bool", "default": False} for key in KEYS},
}
LEVELS = ("full", "differential", "transaction_log")


def check(level: str, options: Row | None, any_sql: bool, only_sql: bool) -> None:
    """Refuse a level or an option that SQL Server, or another target of the task, does not know (cvpysdk sqlsubclient.py backup)."""
    if any_sql and level not in LEVELS:
        reason = {
            "incremental": "SQL Server has no incremental backups: what has changed since the last full is differential, the log apart",
            "synthetic_full": "a full backup of a database cannot be put together from others",
        }[level]
        raise InputError(f"The level {level} cannot be used for sql_subclients: {reason}. Give level as one of {', '.join(LEVELS)}.")
    if level == "transaction_log" and not only_sql:
        raise InputError("The level transaction_log is for sql_subclients alone: files and VMs have no log. Give them a task of their own.")
    on = {key for key, value in (options or {}).items() if value}
    if on and not any_sql:
        raise InputError("sql_options are for sql_subclients, and there are none.")
    if "copy_only" in on and level != "full":
        raise InputError(f"copy_only is for full backups; the level is {level}.")
    if "log_backup_afterwards" in on and level == "transaction_log":
        raise InputError("log_backup_afterwards is for full and differential backups; the level is transaction_log.")
    if {"compression", "checksum"} <= on:
        raise InputError("compression and checksum exclude each other.")


def wanted(options: Row | None) -> bool:
    """Whether any option is on."""
    return any((options or {}).values())


def task(source: SqlSource, level: str, options: Row) -> Row:
    """The body of POST /CreateTask for a backup with options, which the simpler call cannot take (cvpysdk sqlsubclient.py)."""
    data = {api: True for key, api in KEYS.items() if options.get(key)}
    return {
        "taskInfo": {
            "associations": [source.entity],
            "task": {"taskType": 1, "initiatedFrom": 2, "policyType": 0, "taskFlags": {"disabled": False}},
            "subTasks": [
                {
                    "subTaskOperation": 1,
                    "subTask": {"subTaskType": 2, "operationType": 2},
                    "options": {"backupOpts": {"backupLevel": level.title(), "dataOpt": data}},
                }
            ],
        }
    }
