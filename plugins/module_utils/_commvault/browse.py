# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import re
import typing as t
from xml.etree import ElementTree

from .._core.errors import ApiError, NotFound
from . import jobs, paging
from .points import Point
from .sources import FileSource, VmSource, same_uuid

if t.TYPE_CHECKING:
    from .client import Commvault

# Reading what a backup holds, with POST /DoBrowse (cvpysdk backupset.py, subclients/vssubclient.py).

Entry = dict[str, t.Any]
Row = dict[str, t.Any]

ONE_LEVEL, FIND = 0, 1
FILES, VIRTUAL_SERVER = 2, 4


def list_files(
    client: Commvault,
    source: FileSource,
    point: Point,
    path: str,
    recursive: bool = False,
    include_deleted: bool = False,
    limit: int | None = None,
) -> t.Iterator[Entry]:
    """What a folder held at a backup point, one level or all levels below it.

    path: as on the client, "D:\\Data" or "/srv"; "\\" or "/" is the top. An entry's time is that of the backup that
    holds the version shown, which can be older than the point. deleted: whether it was gone by then.
    """
    separator = separator_of(source)
    folder = tidy(path, separator)
    where = f"{folder.rstrip(separator)}{separator}**{separator}*" if recursive else folder
    request = {
        "opType": FIND if recursive else ONE_LEVEL,
        "mode": {"mode": FILES},
        "paths": [{"path": where}],
        "entity": {key: value for key, value in source.entity.items() if key.endswith("Id") or key == "clientName"},
        "timeRange": {"fromTime": 0, "toTime": point.until},
        "options": {"showDeletedFiles": include_deleted, "restoreIndex": True, "vsDiskBrowse": False, "vsFileBrowse": False},
    }
    for row in paging.browse(client, request, limit=limit):
        entry = to_entry(row, separator)
        if include_deleted or not entry["deleted"]:
            yield entry


def find_paths(client: Commvault, source: FileSource, point: Point, paths: t.Iterable[str]) -> list[Entry]:
    """The entries of these very paths, in their order. Raises NotFound naming all that the backup does not hold."""
    separator = separator_of(source)
    wanted = [tidy(path, separator) for path in paths]
    return pick(lambda folder: list_files(client, source, point, folder), wanted, separator, source.label, point)


def pick(listing: t.Callable[[str], t.Iterator[Entry]], wanted: list[str], separator: str, label: str, point: Point) -> list[Entry]:
    """The entries of tidy paths, in their order. listing: what a folder held. Raises NotFound naming all that the backup does not hold.

    Each parent folder is read once; no call of the API asks for one path alone without its versions.
    """
    folders: dict[str, set[str]] = {}
    spelled: dict[str, str] = {}
    for path in wanted:
        folder = _parent(path, separator)
        folders.setdefault(_key(separator, folder), set()).add(_key(separator, path))
        spelled.setdefault(_key(separator, folder), folder)
    found: dict[str, Entry] = {}
    for folder, missing in folders.items():
        for entry in listing(spelled[folder]):
            key = _key(separator, entry["path"])
            if key in missing:
                missing.discard(key)
                found[key] = entry
            if not missing:
                break
    absent = [path for path in wanted if _key(separator, path) not in found]
    if absent:
        raise NotFound(
            f"The backup of {label} {point.ending} does not hold: {', '.join(absent)}. "
            "Look at what it holds with calligo.baas.commvault_browse_info, or choose another job_id or point_in_time.",
            object=label,
            paths=absent,
        )
    return [found[_key(separator, path)] for path in wanted]


def to_entry(row: Row, separator: str) -> Entry:
    """A browse row in the words of the modules. The row's "name" is a token of the index and is never used."""
    flags = row.get("flags") or {}
    data = row.get("advancedData") or {}
    path = tidy(str(row.get("path") or ""), separator)
    return {
        "path": path,
        "name": str(row.get("displayName") or path.rpartition(separator)[2] or path),
        "type": "file" if _is_set(flags.get("file")) else "folder",
        "size": int(row.get("size") or 0),
        "modification_time": jobs.iso(row.get("modificationTime")),
        "backup_job": int(data.get("backupJobId") or 0) or None,
        "backup_time": jobs.iso(data.get("backupTime")),
        "deleted": _is_set(flags.get("deleted")),
    }


def vm_configuration(client: Commvault, source: VmSource, point: Point) -> Row:
    """What Commvault keeps of a VM's configuration beside its data, at a backup point.

    disks: as in the backup's index, each with the name that a restore has to call it by; sizes in bytes.
    nics: label and network. There is neither CPU nor memory in it: no call of the API gives them for VMware.
    """
    disks = [_disk(row) for row in browse_vm(client, point, f"\\{source.uuid}") if _is_set((row.get("flags") or {}).get("file"))]
    if not disks:
        raise NotFound(
            f"The backup of {source.label} {point.ending} shows no disk.",
            object=source.label,
        )
    data = _vm_metadata(client, source, point)
    return {
        "name": source.name,
        "uuid": source.uuid,
        "esx_host": data.get("esxHost") or None,
        "datastore": data.get("datastore") or None,
        "datacenter": data.get("dataCenter") or None,
        "folder": data.get("inventoryPath") or None,
        "resource_pool": data.get("resourcePoolPath") or None,
        "disks": disks,
        "nics": _nics(str(data.get("nics") or "")),
    }


def disks_called(disks: list[Row], called: str) -> list[Row]:
    """The disks of vm_configuration() with this name, or, where there is none, with this file name, which several can have."""
    wanted = called.casefold()
    named = [disk for disk in disks if wanted == disk["name"].casefold()]
    return named or [disk for disk in disks if wanted == disk["file_name"].casefold()]


def shown_disks(disks: list[Row]) -> str:
    """All disks by both names, for an error."""
    return ", ".join(f"{disk['name']} ({disk['file_name']})" for disk in disks)


def _vm_metadata(client: Commvault, source: VmSource, point: Point) -> Row:
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


def browse_vm(client: Commvault, point: Point, path: str, operation: int = ONE_LEVEL, guest: bool = False) -> t.Iterator[Row]:
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
        "size_bytes": int(row.get("size") or 0),
        "datastore": _metadata(row).get("datastore") or None,
    }


def _metadata(row: Row) -> Row:
    return dict(((row.get("advancedData") or {}).get("browseMetaData") or {}).get("virtualServerMetaData") or {})


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


def separator_of(source: FileSource) -> str:
    return "/" if source.entity["applicationId"] == 29 else "\\"


def tidy(path: str, separator: str) -> str:
    """One spelling for a path: no closing separator, and no leading one before a drive (Commvault gives both "\\C:\\x" and "C:\\x")."""
    text = path.replace("/", "\\") if separator == "\\" else path
    text = re.sub(r"^\\+(?=[A-Za-z]:)", "", text).rstrip(separator)
    return text or separator


def _parent(path: str, separator: str) -> str:
    folder, _separator, _name = path.rpartition(separator)
    return folder or separator


def _key(separator: str, path: str) -> str:
    """Windows does not distinguish names by case."""
    return path.casefold() if separator == "\\" else path


def _is_set(flag: t.Any) -> bool:
    """Flags are true, 1, "1" or missing."""
    return str(flag).casefold() in ("true", "1")
