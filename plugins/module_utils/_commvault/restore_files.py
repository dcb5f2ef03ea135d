# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from .._core.argspec import ArgumentSpec
from .._core.errors import InputError, JobFailed
from . import browse, lookups, restore, sources
from .points import Point, select
from .sources import FileSource, Owner

if t.TYPE_CHECKING:
    from .client import Commvault

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
                "overwrite": {"type": "str", "choices": ["never", "older", "always"], "default": "never"},
                "restore_acls": {"type": "bool", "default": True},
            },
            "mutually_exclusive": [("job_id", "point_in_time")],
            "required_if": [("in_place", False, ("destination_path",))],
        }
    }
)


@dataclasses.dataclass(frozen=True)
class Destination:
    """Where files go: a client by name, and a folder on it, or None for the place that they came from."""

    client: str
    folder: str | None
    overwrite: str
    acls: bool


def run(client: Commvault, params: Row) -> Row:
    """Restore files, or in check mode say what would be restored. Everything is looked up and checked before the job is started."""
    options = params["files"]
    source = sources.files(client, options["client"], options["backupset"], options["subclient"], owner=True)
    destination = _destination(client, options, source)
    if source is None or destination is None:
        return {"changed": True, "restore": {"job": None, "backup_job": None, "paths": []}}
    point = select(source.points(client), source.label, options["job_id"], options["point_in_time"])
    entries = browse.find_paths(client, source, point, options["paths"])
    places = _places(source, entries, destination)
    planned = [{"source": entry["path"], **entry, "path": place} for entry, place in zip(entries, places, strict=True)]
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
    tag = restore.new_tag()
    body = restore.frame(association(source), request(source, point, entries, destination), tag)
    job_id = restore.submit(client, body, tag, {source.entity["clientId"]})
    job = restore.finish(client, job_id, params)
    return {"changed": _was_anything_restored(client, job, entries, destination), "restore": {"job": job, **shown}}


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
        "commonOptions": _common(destination),
        "destination": place,
        "fileOption": {"sourceItem": [entry["path"] for entry in entries], "browseFilters": []},
        "volumeRstOption": {"volumeLeveRestore": False},
        "virtualServerRstOption": {"isDiskBrowse": False, "isBlockLevelReplication": False, "viewType": 0},
    }


def _common(destination: Destination) -> Row:
    return {
        "unconditionalOverwrite": destination.overwrite == "always",
        "overwriteFiles": destination.overwrite == "older",
        "doNotOverwriteFileOnDisk": destination.overwrite == "never",
        "restoreACLs": destination.acls,
        # The last level of each path is rebuilt below the destination: D:\Data\x becomes <folder>\x.
        "preserveLevel": 1,
        "stripLevelType": 0,
        "stripLevel": 0,
        # The paths were found in the backup, so that brackets and stars in a name are nothing but its letters.
        "detectRegularExpression": False,
        "wildCard": False,
        "allVersion": False,
        "skipErrorsAndContinue": True,
        "includeAgedData": False,
        "validateOnly": False,
        "restoreToDisk": False,
        "indexFreeRestore": False,
        "systemStateBackup": False,
        "clusterDBBackedup": False,
        "isFromBrowseBackup": True,
        "onePassRestore": False,
        "powerRestore": False,
    }


def _destination(client: Commvault, options: Row, source: FileSource | None) -> Destination | None:
    """The client to restore to, which must be the source's own company's or the provider's."""
    name = options["client"] if options["in_place"] else options["destination_client"] or options["client"]
    if options["in_place"] and (options["destination_path"] or options["destination_client"] not in (None, options["client"])):
        raise InputError("in_place restores to where the files were: leave out destination_client and destination_path.")
    if name.casefold() != options["client"].casefold():
        # The provider's own client may be restored to, but is not seen from inside a company.
        found = lookups.find_server(client, name, inside=False)
        if found is None:
            client.missing("client", name, "Restore to a client with Commvault's file system agent, or correct destination_client.")
            return None
        owner = Owner(found.company_id, found.company)
        sources.require_reach(client, "client", found.name, owner)
        if source:
            sources.require_same_tenant(source.owner, owner, f'The client "{options["client"]}"', f'"{found.name}"')
        name = found.name
    return Destination(name, None if options["in_place"] else options["destination_path"], options["overwrite"], options["restore_acls"])


def _places(source: FileSource, entries: list[Row], destination: Destination) -> list[str]:
    """Where each path ends up. Two that would meet in one place are an error: one would overwrite the other, or vanish."""
    if destination.folder is None:
        return [entry["path"] for entry in entries]
    # The destination's own way to write paths decides; a client of the other kind is told by its path.
    separator = "\\" if "\\" in destination.folder or ":" in destination.folder else "/"
    places = [f"{destination.folder.rstrip(separator)}{separator}{_last_level(entry, source)}" for entry in entries]
    meeting = sorted({place for place in places if sum(place.casefold() == other.casefold() for other in places) > 1})
    if meeting:
        raise InputError(
            f"Several paths would be restored to {', '.join(meeting)}. Restore them one by one, to different folders.", paths=meeting
        )
    return places


def _last_level(entry: Row, source: FileSource) -> str:
    """A drive becomes a folder of its letter."""
    return str(entry["path"]).rpartition(browse.separator_of(source))[2].rstrip(":")


def _was_anything_restored(client: Commvault, job: Row, entries: list[Row], destination: Destination) -> bool:
    """A job can succeed having written nothing: right where files were there and must not be overwritten, wrong otherwise."""
    if job["outcome"] not in ("success", "partial") or job["objects"] or not any(entry["type"] == "file" for entry in entries):
        return True
    text = f"The restore job {job['id']} restored no file"
    if destination.overwrite == "always":
        raise JobFailed(f"{text}, though it says {job['status']}. Look at its events in Commvault.", jobs=[job])
    client.warn(f"{text}: all were there already and overwrite is {destination.overwrite}.")
    return False
