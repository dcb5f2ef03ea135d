# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a tenant's specification of SQL Servers means for instances and subclients."""

from __future__ import annotations

import typing as t

from .exceptions import reason_of_part
from .file_protection import switch

Row = dict[str, t.Any]
Server = t.Mapping[str, t.Any]
DEFAULT = "default"
OPTIONAL = ("authentication", "account", "account_password", "credential", "use_vss", "vdi_timeout")


def protection(servers: t.Sequence[Server], resume: bool = False) -> dict[str, list[Row]]:
    """What a specification of SQL Servers means for the modules: instances, subclients, and the targets of a backup of all.

    resume: whether backups that are off are switched on, see file_protection.switch().
    """
    return {"instances": instances(servers), "subclients": subclients(servers, resume), "targets": targets(servers)}


def instances(servers: t.Iterable[Server]) -> list[Row]:
    """The option instances of M(calligo.baas.commvault_sql_instance).

    servers: each with client and instances (name, plan, settings of the module, subclients).
    """
    return [
        {
            "client": server["client"],
            "instance": instance["name"],
            "plan": instance["plan"],
            **{key: instance[key] for key in OPTIONAL if instance.get(key) is not None},
        }
        for server in servers
        for instance in server["instances"]
    ]


def subclients(servers: t.Iterable[Server], resume: bool = False) -> list[Row]:
    """The option subclients of M(calligo.baas.commvault_sql_subclient): those that are named, and the default one with the instance's plan.

    Raises ValueError where the specification names the default one, which covers the rest by itself.
    """
    made = []
    for server in servers:
        for instance in server["instances"]:
            home = {"client": server["client"], "instance": instance["name"]}
            for subclient in instance.get("subclients") or []:
                if str(subclient["name"]).casefold() == DEFAULT:
                    raise ValueError(f"{home['instance']}: the default subclient covers what no other lists, by the instance's plan")
                optional = {key: subclient[key] for key in ("description",) if subclient.get(key) is not None}
                made.append(
                    {
                        **home,
                        "name": subclient["name"],
                        "databases": list(subclient["databases"]),
                        "plan": subclient["plan"],
                        **optional,
                        **switch(subclient, resume),
                    }
                )
            made.append({**home, "name": DEFAULT, "plan": instance["plan"], **switch({}, resume)})
    return made


def targets(servers: t.Sequence[Server]) -> list[Row]:
    """The option sql_subclients of M(calligo.baas.commvault_backup): those that must have a backup.

    That is, without those whose backup is switched off, and those of which the specification says in backup_exception why they need none.
    """
    excepted = {
        (server["client"], instance["name"], str(part["name"]))
        for server in servers
        for instance in server["instances"]
        for part in ({**instance, "name": DEFAULT}, *(instance.get("subclients") or []))
        if reason_of_part(part)
    }
    return [
        {key: subclient[key] for key in ("client", "instance", "name")}
        for subclient in subclients(servers)
        if subclient.get("backup_enabled", True) and (subclient["client"], subclient["instance"], subclient["name"]) not in excepted
    ]
