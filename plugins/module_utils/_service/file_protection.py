# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a tenant's specification of file servers means for subclients."""

from __future__ import annotations

import typing as t

Server = t.Mapping[str, t.Any]


def subclients(servers: t.Iterable[Server], default_excludes: t.Sequence[str]) -> list[dict[str, t.Any]]:
    """The option subclients of M(calligo.baas.commvault_subclient) for all servers of a tenant.

    servers: each with client, removable_drives (letters) and subclients (name, plan, content, exclude, exceptions, vss,
    description, backup_enabled). default_excludes: left out of every subclient, whatever the specification says.
    The platform has no switch for removable media: the drives named as such are left out by their letters.
    """
    made = []
    for server in servers:
        removable = [f"{str(letter).upper().rstrip(':')}:\\" for letter in server.get("removable_drives") or []]
        for subclient in server["subclients"]:
            filters = [*default_excludes, *removable, *(subclient.get("exclude") or [])]
            optional = {key: subclient[key] for key in ("exceptions", "description", "backup_enabled") if subclient.get(key) is not None}
            made.append(
                {
                    "client": server["client"],
                    "name": subclient["name"],
                    "plan": subclient["plan"],
                    "content": list(subclient["content"]),
                    "filters": list(dict.fromkeys(filters)),
                    "vss": subclient.get("vss") or "locked_files",
                    **optional,
                }
            )
    return made


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
