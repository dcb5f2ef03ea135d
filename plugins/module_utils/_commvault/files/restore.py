# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import InputError
from ..backups import restore
from ..backups.points import Point, select
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


def run(client: Commvault, params: Row) -> Row:
    """Restore files, or in check mode say what would be restored. Everything is looked up and checked before the job is started."""
    options = params["files"]
    source = file_subclients.find_source(client, options["client"], options["backupset"], options["subclient"], owner=True)
    destination = _destination(client, options, source)
    if source is None or destination is None:
        return {"changed": True, "restore": {"job": None, "backup_job": None, "paths": []}}
    point = select(source.points(client), source.label, options["job_id"], options["point_in_time"])
    entries = file_browse.find_paths(client, source, point, options["paths"])
    targets = places(entries, destination, file_browse.separator_of(source))
    planned = [{"source": entry["path"], **entry, "path": place} for entry, place in zip(entries, targets, strict=True)]
    shown = {
        "backup_job": point.to_record(),
        "source": {
            "client": source.entity["clientName"],
            "backupset": source.entity["backupsetName"],
            "subclient": source.entity.get("subclientName"),
        },
        "destination": {"client": destination.client, "folder": destination.folder, "in_place": options["in_place"]},
        "paths": [{key: value for key, value in row.items() if key != "deleted"} for row in planned],
    }
    if client.check_mode:
        return {"changed": True, "restore": {"job": None, **shown}}
    wanted = request(source, point, entries, destination)
    job = restore.run_job(client, association(source), wanted, {source.entity["clientId"]}, params)
    return {"changed": was_anything_restored(client, job, entries, destination.overwrite), "restore": {"job": job, **shown}}


def association(source: FileSource) -> Row:
    """The source in a task: names and ids of its levels. Without a subclient the restore looks in the whole backup set."""
    return {key: value for key, value in source.entity.items() if value}


def request(source: FileSource, point: Point, entries: list[Row], destination: Destination) -> Row:
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
