# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.argspec import ArgumentSpec
from ..._core.errors import NotFound
from ..wire.replies import listed
from .company import Operator, owned_entities, read_settings, tag_values

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Json = dict[str, t.Any]
GATHER = ("settings", "entities")
OPTIONS = ArgumentSpec(
    {
        "names": {"type": "list", "elements": "str"},
        "gather": {"type": "list", "elements": "str", "choices": list(GATHER), "default": ["settings"]},
        "include_deleted": {"type": "bool", "default": False},
    }
)


def read(client: Commvault, options: Json) -> Json:
    """Companies in the order of names, or all of them by name. Only reads.

    One request for the list (OpenAPI GetCompanies), and for each company one for each part in gather.
    Raises NotFound naming all that are not there or not visible.
    """
    names, params = options["names"], {"includeDeletedCompanies": "true"} if options["include_deleted"] else None
    rows = client.rows("/V4/company", "companies", params)
    rows = sorted(rows, key=lambda row: str(row.get("name")).casefold()) if names is None else _chosen(rows, names)
    return {"changed": False, "companies": [_company(client, row, options["gather"]) for row in rows]}


def _chosen(rows: list[Json], names: list[str]) -> list[Json]:
    """A name in the exact case wins; of several that are left, the one that is still active."""
    chosen, missing = [], []
    for name in names:
        same = [row for row in rows if str(row.get("name")).casefold() == name.casefold()]
        best = sorted(same, key=lambda row: (row.get("name") != name, row.get("status") == "DELETED"))
        if best:
            chosen.append(best[0])
        else:
            missing.append(name)
    if missing:
        quoted = ", ".join(f'"{name}"' for name in missing)
        raise NotFound(f"These companies do not exist, or this user cannot see them: {quoted}. Correct the names.", names=missing)
    return chosen


def _company(client: Commvault, row: Json, gather: list[str]) -> Json:
    number = int(row["id"])
    record: Json = {
        "id": number,
        "name": row.get("name"),
        "alias": row.get("alias"),
        "status": row.get("status"),
        # Declared as one object, sent as a list by servers.
        "tags": tag_values(listed(row.get("tags"))),
        "operators": [Operator.read(operator).words for operator in listed(row.get("operators"))],
        "entity_count": int(row.get("associatedEntitiesCount") or 0),
    }
    gone = row.get("status") == "DELETED"
    if "settings" in gather:
        detail = {} if gone else client.get(f"/V4/company/{number}", absent=(404,)) or {}
        contacts = [
            {"user": one.get("name"), "name": one.get("fullname"), "email": one.get("email")} for one in listed(detail.get("contacts"))
        ]
        record |= {**read_settings(detail), "contacts": contacts, "created": detail.get("creationTime")}
    if "entities" in gather:
        entities = [] if gone else owned_entities(client, number)
        record["entities"] = [{"id": entity.get("id"), "name": entity.get("name")} for entity in entities]
    return record
