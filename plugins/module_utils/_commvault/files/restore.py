# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError
from ..backups import restore
from ..backups.recovery_points import RecoveryPoint, select
from ..backups.restore import Planned, Task
from ..servers import subclients as file_subclients
from ..servers.restore_items import OVERWRITE, Destination, common_options, find_client, places, was_anything_restored
from ..servers.subclients import FileSource
from . import browse as file_browse

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Row = dict[str, t.Any]

OPTIONS = ArgumentSpec(
    {
        "files": {
            "type": "dict",
            "options": {
                "client": {"type": "str", "required": True},
                "backupset": {"type": "str", "default": "defaultBackupSet"},
                "subclient": {"type": "str"},
                "paths": {"type": "list", "elements": "str", "required": True},
                "job_id": {"type": "int"},
                "point_in_time": {"type": "str"},
                "in_place": {"type": "bool", "default": False},
                "destination_client": {"type": "str"},
                "destination_path": {"type": "str"},
                "overwrite": OVERWRITE,
                "restore_acls": {"type": "bool", "default": True},
            },
            "mutually_exclusive": [("job_id", "point_in_time")],
            "required_if": [("in_place", False, ("destination_path",))],
        }
    }
)


def plan(client: Commvault, wanted: Row) -> Planned:
    """Files of a client, restored to it or to another. wanted: the option files."""
    source = file_subclients.find_source(client, wanted["client"], wanted["backupset"], wanted["subclient"], owner=True)
    destination = _destination(client, wanted, source)
    if source is None or destination is None:
        return Planned({"backup_job": None, "paths": []})
    point = select(source.recovery_points(client), source.label, wanted["job_id"], wanted["point_in_time"])
    entries = file_browse.find_paths(client, source, point, wanted["paths"])
    targets = places(entries, destination, file_browse.separator_of(source))
    record = {
        "backup_job": point.to_record(),
        "source": {
            "client": source.entity["clientName"],
            "backupset": source.entity["backupsetName"],
            "subclient": source.entity.get("subclientName"),
        },
        "destination": {"client": destination.client, "folder": destination.folder, "in_place": wanted["in_place"]},
        "paths": [_shown(entry, target) for entry, target in zip(entries, targets, strict=True)],
    }
    return Planned(
        record,
        Task(association(source), request(source, point, entries, destination), frozenset({source.entity["clientId"]})),
        lambda job: (was_anything_restored(client, job, entries, destination.overwrite), {}),
    )


def _shown(entry: Row, target: str) -> Row:
    return {"source": entry["path"], **{key: value for key, value in entry.items() if key != "deleted"}, "path": target}


def association(source: FileSource) -> Row:
    """The source in a task: names and ids of its levels. Without a subclient the restore looks in the whole backup set."""
    return {key: value for key, value in source.entity.items() if value}


def request(source: FileSource, point: RecoveryPoint, entries: list[Row], destination: Destination) -> Row:
    """restoreOptions of a file restore (cvpysdk instance.py _restore_json; the vendor's Postman collection "Create Task (Restore)")."""
    place: Row = {"inPlace": destination.folder is None, "isLegalHold": False, "destClient": {"clientName": destination.client}}
    if destination.folder is not None:
        place |= {"destPath": [destination.folder], "noOfStreams": 1, "destinationInstance": {"instanceName": "DefaultInstanceName"}}
    named = {
        "clientName": source.entity["clientName"],
        "appName": source.entity["appName"],
        "backupsetName": source.entity["backupsetName"],
    }
    return {
        "impersonation": {"useImpersonation": False, "user": {"userName": "", "password": ""}},
        "restoreACLsType": 3 if destination.acls else 2,
        "browseOption": restore.browse_option(named, point.until),
        "commonOptions": common_options(destination),
        "destination": place,
        "fileOption": {"sourceItem": [entry["path"] for entry in entries], "browseFilters": []},
        "volumeRstOption": {"volumeLeveRestore": False},
        "virtualServerRstOption": {"isDiskBrowse": False, "isBlockLevelReplication": False, "viewType": 0},
    }


def _destination(client: Commvault, options: Row, source: FileSource | None) -> Destination | None:
    """The client to restore to, which must be the source's own company's or the provider's."""
    name = options["client"] if options["in_place"] else options["destination_client"] or options["client"]
    if options["in_place"] and (options["destination_path"] or options["destination_client"] not in (None, options["client"])):
        raise InputError("in_place restores to where the files were: leave out destination_client and destination_path.")
    if name.casefold() != options["client"].casefold():
        found = find_client(client, name, source.owner if source else None, f'The client "{options["client"]}"')
        if found is None:
            return None
        name = found
    return Destination(name, None if options["in_place"] else options["destination_path"], options["overwrite"], options["restore_acls"])
