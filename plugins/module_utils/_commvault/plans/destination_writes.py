# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Writing the destinations of a plan: one POST a region for new ones, one PUT for each changed one, one DELETE for each that goes."""

from __future__ import annotations

import typing as t

from ..._core.errors import ApiError
from ..wire.replies import listed
from . import destinations as plan_destinations

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from .references import References

Json = dict[str, t.Any]
Record = dict[str, t.Any]


def write(client: Commvault, references: References, current: Record, wanted: list[Record], rows: dict[int, Json]) -> None:
    """Bring a plan's destinations from the current record to the wanted list. rows: as they were read, by id."""
    path = f"/V4/ServerPlan/{current['id']}/BackupDestination"
    ids = {_place(record): record["id"] for record in current["destinations"]}
    ids.update(_add(client, references, path, [record for record in wanted if "id" not in record]))
    have = {record["id"]: record for record in current["destinations"]}
    for record in wanted:
        if "id" in record and record != have[record["id"]]:
            moved = record["source"] != have[record["id"]]["source"]
            source = ids[_place({"name": record["source"], "region": record["region"]})] if moved else None
            body = plan_destinations.to_change(record, have[record["id"]], rows[record["id"]], source)
            change(client, current["id"], record["id"], body)
    kept = {record.get("id") for record in wanted}
    for record in _last_copies_first([record for record in current["destinations"] if record["id"] not in kept]):
        client.delete(f"{path}/{record['id']}")


def change(client: Commvault, plan_id: int, destination_id: int, body: Json) -> None:
    """Change one destination with the V5 body; an older server gets the flat call."""
    try:
        client.put(f"/V5/ServerPlan/{plan_id}/BackupDestination/{destination_id}", body)
    except ApiError as error:
        if error.details.get("status") != 404:
            raise
        client.put(f"/V4/ServerPlan/{plan_id}/BackupDestination/{destination_id}", plan_destinations.to_change_v4(body))


def _add(client: Commvault, references: References, path: str, records: list[Record]) -> dict[tuple[str, str], int]:
    made = {}
    for region in dict.fromkeys(record.get("region") for record in records):
        new = [record for record in records if record.get("region") == region]
        # Sources disagree on whether the region stands in the destination or beside it (OpenAPI has both), so that it stands in both.
        body: Json = {"destinations": [references.new_destination(record) for record in new]}
        if region:
            body["region"] = {"id": references.region_id(region)}
        reply = client.post(path, body)
        made.update({_place({**row, "region": region}): int(row["id"]) for row in listed(reply.get("planBackupDestination"))})
    return made


def _last_copies_first(gone: list[Record]) -> list[Record]:
    """A destination goes before the one that it copies from."""
    ordered: list[Record] = []
    left = list(gone)
    while left:
        sources = {(record["source"], record["region"]) for record in left}
        free = [record for record in left if (record["name"], record["region"]) not in sources] or left
        ordered += free
        left = [record for record in left if record not in free]
    return ordered


def _place(record: Json) -> tuple[str, str]:
    return record["name"].casefold(), (record["region"] or "").casefold()
