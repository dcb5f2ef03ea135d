# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t

from ..._core.errors import InputError, JobFailed
from ..backups.restore import COMMON_OPTIONS
from ..wire import lookup
from ..wire.lookup import Owner
from . import lookup as server_lookup

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# What restores of files, of a client or of a VM's guest, have in common. Disks share a part of it.

Row = dict[str, t.Any]

OVERWRITE: Row = {"type": "str", "choices": ["never", "older", "always"], "default": "never"}


@dataclasses.dataclass(frozen=True)
class Destination:
    """Where files go: a client by name, and a folder on it, or None for the place that they came from."""

    client: str
    folder: str | None
    overwrite: str
    acls: bool


def find_client(client: Commvault, name: str, source: Owner | None, label: str) -> str | None:
    """The client to restore to, as it is spelled; it must be the source's own company's or the provider's.

    source: whose the data is, None if that is not known. label: of the source. Missing: NotFound; in check mode a warning and None.
    """
    # The provider's own client may be restored to, but is not seen from inside a company.
    found = server_lookup.find_server(client, name, inside=False)
    if found is None:
        client.missing("client", name, "Restore to a client with Commvault's file system agent, or correct destination_client.")
        return None
    lookup.require_reach(client, "client", found.name, found.owner)
    if source:
        lookup.require_same_tenant(client, source, found.owner, label, f'"{found.name}"')
    return found.name


def common_options(destination: Destination) -> Row:
    """commonOptions of a restore of files."""
    return {
        **COMMON_OPTIONS,
        "unconditionalOverwrite": destination.overwrite == "always",
        "overwriteFiles": destination.overwrite == "older",
        "doNotOverwriteFileOnDisk": destination.overwrite == "never",
        "restoreACLs": destination.acls,
        # The paths were found in the backup, so that brackets and stars in a name are nothing but its letters.
        "detectRegularExpression": False,
        "skipErrorsAndContinue": True,
        "isFromBrowseBackup": True,
    }


def places(entries: list[Row], destination: Destination, separator: str) -> list[str]:
    """Where each path ends up. Two that would meet in one place are an error: one would overwrite the other, or vanish.

    separator: of the entries' paths.
    """
    if destination.folder is None:
        return [entry["path"] for entry in entries]
    # The destination's own way to write paths decides; a client of the other kind is told by its path.
    theirs = "\\" if "\\" in destination.folder or ":" in destination.folder else "/"
    found = [f"{destination.folder.rstrip(theirs)}{theirs}{_last_level(entry, separator)}" for entry in entries]
    meeting = sorted({place for place in found if sum(place.casefold() == other.casefold() for other in found) > 1})
    if meeting:
        raise InputError(
            f"Several paths would be restored to {', '.join(meeting)}. Restore them one by one, to different folders.", paths=meeting
        )
    return found


def _last_level(entry: Row, separator: str) -> str:
    """A drive becomes a folder of its letter."""
    return str(entry["path"]).rpartition(separator)[2].rstrip(":")


def was_anything_restored(client: Commvault, job: Row, entries: list[Row], overwrite: str) -> bool:
    """A job can succeed having written nothing: right where files were there and must not be overwritten, wrong otherwise.

    entries: what was asked for.
    """
    if job["outcome"] not in ("success", "partial") or job["objects"] or not any(entry["type"] != "folder" for entry in entries):
        return True
    text = f"The restore job {job['id']} restored no file"
    if overwrite == "always":
        raise JobFailed(f"{text}, though it says {job['status']}. Look at its events in Commvault.", jobs=[job])
    client.warn(f"{text}: all were there already and overwrite is {overwrite}.")
    return False
