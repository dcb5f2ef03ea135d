# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Browsing VM backups: DoBrowse with mode 4. The root lists VMs, a VM with vsDiskBrowse its disks, with vsFileBrowse what its guest holds.

api-virtualization-jobs 6. Guests are browsed by file index, whose paths have the drive's colon; a dialect leaves it out.
"""

from __future__ import annotations

import typing as t
from xml.sax.saxutils import quoteattr

from commvaultsim.files import browse
from commvaultsim.files.wildcards import join, split
from commvaultsim.state import model as m
from commvaultsim.state.registry import BROWSERS
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import backup as vmbackup
from commvaultsim.vms import guests
from commvaultsim.wire.routing import Reply, Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
NOTHING = "No items found in the index for the selected time range."


def do_browse(sim: Simulator, request: Request) -> Reply | Json:
    """One response for each query, and a terminator."""
    body = request.body
    options = body.get("options") or {}
    path = str(((body.get("paths") or [{}])[0]).get("path") or "\\")
    parts = [part for part in path.replace("/", "\\").split("\\") if part]
    backups = _backups(sim, request, body.get("entity") or {}, body)
    if parts:
        found = [b for b in backups if parts[0].lower() in (b.guid.lower(), b.name.lower())]
        rows = []
        if options.get("vsFileBrowse"):
            rows = [row for b in found for row in _guest(sim, b, parts[1:], find=to_int(body.get("opType")) == 1)]
        elif options.get("vsDiskBrowse"):
            rows = [_disk(sim, b, disk) for b in found for disk in b.config["disks"] if not disk["skipped"]]
            rows = [row for row in rows if len(parts) == 1 or row["name"].lower() == parts[1].lower()]
    elif body.get("opType") == 1 and path != "\\":
        rows = []
    else:
        rows = [_vm(sim, b) for b in backups]
    return {"browseResponses": _responses(body, rows, bool(parts and options.get("vsFileBrowse") and backups))}


def _responses(body: Json, rows: list[Json], inside: bool) -> list[Json]:
    """``inside``: of a guest, where a folder may be empty."""
    out: list[Json] = []
    for query in body.get("queries") or [{"type": 0, "queryId": "dataQuery"}]:
        if to_int(query.get("type")) == 1:
            out.append(
                {
                    "respType": 0,
                    "browseResult": {
                        "queryId": query.get("queryId", "countQuery"),
                        "aggrResultSet": [{"result": len(rows), "count": len(rows), "groupbyValue": ""}],
                    },
                }
            )
            continue
        paging = (query.get("dataParam") or {}).get("paging") or {}
        first = to_int(paging.get("firstNode")) or to_int(paging.get("skipNode"))
        size = to_int(paging.get("pageSize"), 100000) or 100000
        page = rows[first : first + size]
        if page:
            out.append(
                {
                    "respType": 0,
                    "session": {"sessionId": "1-1"},
                    "browseResult": {"queryId": query.get("queryId", "dataQuery"), "totalItems": len(rows), "dataResultSet": page},
                }
            )
    if not rows and not out and not inside:
        return [{"respType": 0, "messages": [{"errorMessage": NOTHING}]}]
    return [*out, {"respType": 5, "session": {"sessionId": "1-1"}}]


def _backups(sim: Simulator, request: Request, entity: Json, body: Json) -> list[m.VmBackup]:
    """The recovery point of each VM in the entity's scope: the newest, of one job, or in the span of time."""
    subclient = sim.subclients.get(to_int(entity.get("subclientId")))
    client = sim.client_of(entity) or (sim.clients.get(subclient.client_id) if subclient else None)
    if client is None or not sim.visible(request, client.company_id):
        return []
    span, advanced = body.get("timeRange") or {}, (body.get("advOptions") or {}).get("advConfig") or {}
    job = to_int((advanced.get("browseAdvancedConfigBrowseByJob") or {}).get("jobId"))
    guids: dict[str, None] = {}
    for backup in sim.vm_backups:
        if client.kind == "vm":
            fits = backup.guid == client.props["guid"] and backup.hypervisor_id == client.props["hypervisor_id"]
        else:
            fits = backup.hypervisor_id == client.id and (subclient is None or backup.subclient_id == subclient.id)
        if fits:
            guids[backup.guid] = None
    found = [
        vmbackup.points(sim, guid, job_id=job, to_time=to_int(span.get("toTime")), from_time=to_int(span.get("fromTime"))) for guid in guids
    ]
    return sorted((rows[0] for rows in found if rows), key=lambda b: b.name)


def _meta(config: Json, datastore: str) -> Json:
    cards = "".join(f'<nic name={quoteattr(nic["network"])} label={quoteattr(nic["label"])} subnet="" id=""/>' for nic in config["nics"])
    return {
        "virtualServerMetaData": {
            "esxHost": config["host"],
            "datastore": datastore,
            "inventoryPath": config["folder"],
            "resourcePoolPath": "/",
            "dataCenter": config["datacenter"],
            "instanceSize": "",
            "nics": f"<nics>{cards}</nics>",
        }
    }


def _row(sim: Simulator, backup: m.VmBackup, meta: Json, **fields: t.Any) -> Json:
    time = vmbackup.ended(sim, backup)
    return {
        "version": 1,
        "modificationTime": backup.time,
        **fields,
        "advancedData": {"backupTime": time, "backupJobId": backup.job_id, "referenceTime": time, "browseMetaData": meta},
    }


def _vm(sim: Simulator, backup: m.VmBackup) -> Json:
    config = backup.config
    store = next((disk["datastore"] for disk in config["disks"]), "")
    return _row(
        sim,
        backup,
        _meta(config, store),
        displayName=backup.name,
        name=backup.guid,
        path=f"\\{backup.guid}",
        size=0,
        flags={"directory": True},
    )


def _disk(sim: Simulator, backup: m.VmBackup, disk: Json) -> Json:
    return _row(
        sim,
        backup,
        _meta(backup.config, disk["datastore"]),
        displayName=disk["file"],
        name=disk["name"],
        path=f"\\{backup.guid}\\{disk['name']}",
        size=disk["size_bytes"],
        flags={"file": True},
    )


def _guest(sim: Simulator, backup: m.VmBackup, levels: list[str], find: bool) -> list[Json]:
    """One level of a guest, or with opType 1 all below it; folders first."""
    items = guests.image(sim, backup)
    path = guests.below(items, join(levels))
    found = browse.search(items, path) if find else browse.children(items, path)
    found.sort(key=lambda item: (not item.entry.is_dir, item.entry.path.casefold()))
    return [_guest_row(sim, backup, item) for item in found]


def _guest_row(sim: Simulator, backup: m.VmBackup, item: browse.Item) -> Json:
    entry = item.entry
    return {
        "version": 1,
        "modificationTime": entry.mtime,
        "displayName": split(entry.path)[-1],
        "name": f"{backup.guid}\x12{split(entry.path)[-1]}",
        "path": guests.shown(sim, backup.guid, entry.path),
        "size": entry.size,
        "flags": {"directory": True} if entry.is_dir else {"file": True},
        "advancedData": {"backupTime": entry.backup_time, "backupJobId": entry.backup_job, "referenceTime": entry.backup_time},
    }


BROWSERS[m.VIRTUAL_SERVER] = do_browse
