# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a tenant's specification of file servers means for subclients."""

from __future__ import annotations

import re
import typing as t

from . import manifest
from .exceptions import reason_of_part

Row = t.Mapping[str, t.Any]
Server = Row


def subclients(
    servers: t.Iterable[Server], default_excludes: t.Sequence[str], resume: bool = False, required: bool = False
) -> list[dict[str, t.Any]]:
    """The option subclients of M(calligo.baas.commvault_subclient) for all servers of a tenant.

    servers: each with client, removable_drives (letters) and subclients (name, plan, content, exclude, exceptions, vss,
    description, backup_enabled). default_excludes: left out of every subclient, whatever the specification says. resume: see switch().
    required: only those that must have a backup, that is, without a backup_exception that counts.
    The platform has no switch for removable media: the drives named as such are left out by their letters.
    """
    made = []
    for server in servers:
        removable = [f"{str(letter).upper().rstrip(':')}:\\" for letter in server.get("removable_drives") or []]
        for subclient in server["subclients"]:
            if required and reason_of_part(subclient):
                continue
            filters = [*default_excludes, *removable, *(subclient.get("exclude") or [])]
            optional = {key: subclient[key] for key in ("exceptions", "description") if subclient.get(key) is not None}
            made.append(
                {
                    "client": server["client"],
                    "name": subclient["name"],
                    "plan": subclient["plan"],
                    "content": list(subclient["content"]),
                    "filters": list(dict.fromkeys(filters)),
                    "vss": subclient.get("vss") or "locked_files",
                    **optional,
                    **switch(subclient, resume),
                }
            )
    return made


def places(servers: t.Iterable[Server]) -> list[dict[str, str]]:
    """Where what a specification backs up lies, path by path, for those that begin with a drive.

    Each with subclient (client and name), path, host (inventory name of the Windows host to look on; empty for this host), and root, which
    has to be there: the path up to a wildcard, on this host the directory; empty for a drive that the access does not name.
    """
    found = []
    for server in servers:
        access = server["access"]
        local = access["kind"] == "local"
        for subclient in server["subclients"]:
            for path in subclient["content"]:
                if not re.match(r"[A-Za-z]:", path):
                    continue
                try:
                    root = manifest.roots([path], access.get("drives") or {} if local else None)[0]
                except ValueError:
                    root = ""
                name = f"{server['client']}/{subclient['name']}"
                found.append({"subclient": name, "path": path, "root": root, "host": "" if local else str(access.get("host") or "")})
    return found


def switch(specified: Row, resume: bool) -> dict[str, bool]:
    """The option backup_enabled of what a specification protects: off where it says so, and on only where backups may be resumed.

    Otherwise it is left out: what was switched off, at the end of a tenant's service for instance, is not switched on by the way. Something
    new is on by itself.
    """
    if specified.get("backup_enabled") is False:
        return {"backup_enabled": False}
    return {"backup_enabled": True} if resume else {}


def specified(servers: t.Iterable[Server], client: str, subclient: str) -> dict[str, t.Any]:
    """The server's access and the subclient's content, by their names, which Commvault does not distinguish by case.

    Raises ValueError if the specification has no such subclient.
    """
    for server in servers:
        for entry in server["subclients"]:
            if (str(server["client"]).casefold(), str(entry["name"]).casefold()) == (client.casefold(), subclient.casefold()):
                return {
                    "client": server["client"],
                    "name": entry["name"],
                    "content": list(entry["content"]),
                    "access": dict(server["access"]),
                }
    raise ValueError(f"the specification has no subclient {subclient!r} on {client!r}")
