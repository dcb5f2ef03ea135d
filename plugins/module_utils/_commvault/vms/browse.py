# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

from ..._core.errors import ApiError, NotFound
from ..backups.browse import FIND, ONE_LEVEL, VIRTUAL_SERVER, Entry, is_set, pick, tidy, to_entry
from ..backups.recovery_points import RecoveryPoint
from ..wire import paging
from ..wire.lookup import same_uuid
from ..wire.replies import number, part, text
from .lookup import VmSource

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Reading what a backup holds, with POST /DoBrowse (cvpysdk backupset.py, subclients/vssubclient.py).

Row = dict[str, t.Any]
DRIVE = re.compile(r"^([A-Za-z]):?(?=\\|$)")


def vm_configuration(client: Commvault, source: VmSource, point: RecoveryPoint) -> Row:
    """What Commvault keeps of a VM's configuration beside its data, at a backup point.

    disks: as in the backup's index, each with the name that a restore has to call it by; sizes in bytes.
    nics: label and network. There is neither CPU nor memory in it: no call of the API gives them for VMware.
    """
    disks = [_disk(row) for row in browse_vm(client, point, f"\\{source.uuid}") if is_set(part(row, "flags").get("file"))]
    if not disks:
        raise NotFound(
            f"The backup of {source.label} {point.ending} shows no disk.",
            object=source.label,
        )
    data = _vm_metadata(client, source, point)
    return {
        "name": source.name,
        "uuid": source.uuid,
        "esx_host": text(data, "esxHost"),
        "datastore": text(data, "datastore"),
        "datacenter": text(data, "dataCenter"),
        "folder": text(data, "inventoryPath"),
        "resource_pool": text(data, "resourcePoolPath"),
        "disks": disks,
        "nics": _nics(text(data, "nics") or ""),
    }


def disks_called(disks: list[Row], called: str) -> list[Row]:
    """The disks of vm_configuration() with this name, or, where there is none, with this file name, which several can have."""
    wanted = called.casefold()
    named = [disk for disk in disks if wanted == disk["name"].casefold()]
    return named or [disk for disk in disks if wanted == disk["file_name"].casefold()]


def shown_disks(disks: list[Row]) -> str:
    """All disks by both names, for an error."""
    return ", ".join(f"{disk['name']} ({disk['file_name']})" for disk in disks)


def _vm_metadata(client: Commvault, source: VmSource, point: RecoveryPoint) -> Row:
    """The VM's own row. Where it comes without the network cards, the search form of the call brings them (cvpysdk does the same)."""
    best: Row = {}
    for operation in (ONE_LEVEL, FIND):
        for row in browse_vm(client, point, "\\", operation=operation):
            token = str(row.get("path") or row.get("name") or "").strip("\\")
            data = _metadata(row)
            if same_uuid(token, source.uuid) or same_uuid(row.get("name"), source.uuid):
                best = data or best
        if "nics" in best:
            return best
    return best


def browse_vm(client: Commvault, point: RecoveryPoint, path: str, operation: int = ONE_LEVEL, guest: bool = False) -> t.Iterator[Row]:
    """Rows of a VM backup: its VMs, the disks of one, or what the guest of one holds (cvpysdk subclients/vssubclient.py browse)."""
    ids = ("clientName", "clientId", "instanceId", "backupsetId", "subclientId")
    request = {
        "opType": operation,
        "mode": {"mode": VIRTUAL_SERVER},
        "paths": [{"path": path}],
        "entity": {"applicationId": 106, **{key: point.entity[key] for key in ids if point.entity.get(key)}},
        "timeRange": {"fromTime": 0, "toTime": point.until},
        "advOptions": {"copyPrecedence": 0},
        "options": {"showDeletedFiles": False, "restoreIndex": True, "vsDiskBrowse": not guest, "vsFileBrowse": guest},
    }
    return paging.browse(client, request)


def _disk(row: Row) -> Row:
    return {
        "name": str(row.get("name") or row.get("displayName")),
        "file_name": str(row.get("displayName") or row.get("name")),
        "size_bytes": number(row, "size"),
        "datastore": text(_metadata(row), "datastore"),
    }


def _metadata(row: Row) -> Row:
    return part(row, "advancedData", "browseMetaData", "virtualServerMetaData")


def _nics(text: str) -> list[Row]:
    """Network cards from the XML that the index keeps: <nics><nic name="network" label="Network adapter 1" …/></nics>."""
    if not text:
        return []
    try:
        if "<!" in text:
            raise ElementTree.ParseError("it has a declaration, which it never needs")
        cards = list(ElementTree.fromstring(text).iter("nic"))  # noqa: S314 - without a declaration there are no entities to expand
    except ElementTree.ParseError as error:
        raise ApiError(f"Commvault keeps the VM's network cards in XML that cannot be read: {error}.", call="POST /DoBrowse") from None
    return [{"label": card.get("label") or "", "network": card.get("name") or ""} for card in cards]


# The files inside a VM. Commvault calls them \<UUID>\C:\Data and \<UUID>\etc\hosts; here they are called as in the guest.


def list_files(client: Commvault, source: VmSource, point: RecoveryPoint, path: str, recursive: bool = False) -> t.Iterator[Entry]:
    """What a folder inside the VM held at a backup point, one level or all levels below it.

    path: as in the guest, "C:\\Data" or "/etc"; "\\" or "/" is the top. Beside what to_entry() gives, an entry has item: what a
    restore has to call it.
    """
    separator = separator_of([path])
    levels = [source.uuid, *tidy(path, separator).replace("/", "\\").strip("\\").split("\\"), *(["**", "*"] if recursive else [])]
    where = "\\" + "\\".join(level for level in levels if level)
    for row in browse_vm(client, point, where, FIND if recursive else ONE_LEVEL, guest=True):
        item = str(row.get("path") or "")
        yield {**to_entry({**row, "path": _in_guest(item, separator)}, separator), "item": item}


def find_paths(client: Commvault, source: VmSource, point: RecoveryPoint, paths: list[str]) -> list[Entry]:
    """The entries of these very paths, in their order. Raises NotFound naming all that the backup does not hold."""
    separator = separator_of(paths)
    wanted = [tidy(path, separator) for path in paths]
    return pick(lambda folder: list_files(client, source, point, folder), wanted, separator, source.label, point)


def separator_of(paths: list[str]) -> str:
    """What paths in one guest are written with. "/" alone is the top of either kind."""
    return "/" if all(path.startswith("/") for path in paths) else "\\"


def _in_guest(item: str, separator: str) -> str:
    """The path in the guest. Some servers leave the drive's colon out."""
    path = item.strip("\\").partition("\\")[2]
    if separator == "/":
        return "/" + path.replace("\\", "/")
    return DRIVE.sub(r"\1:", path)
