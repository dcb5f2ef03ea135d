# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""What a change of a plan would lose, told before it is made, and refused unless an option allows it."""

from __future__ import annotations

import typing as t

from ..._core.errors import InputError, Refused
from . import retention_forecast as forecast
from .retention_rules import decreases

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

Record = dict[str, t.Any]


def shortened(client: Commvault, plan: str, pairs: list[tuple[Record, Record]], allowed: bool) -> None:
    """Refuse a shorter retention, with how many jobs and bytes it would cost; where it is allowed, warn of the same.

    pairs: each destination as it is and as it is to be.
    """
    shorter = [text for have, want in pairs for text in decreases(have, want)]
    if not shorter:
        return
    losses = [
        loss_of(client, have["id"], want["retention_days"], want["extended_retention"]) for have, want in pairs if decreases(have, want)
    ]
    loss = None if any(found is None for found in losses) else forecast.total(filter(None, losses))
    if allowed:
        client.warn(f'The plan "{plan}" keeps backups for a shorter time: {"; ".join(shorter)}. {forecast.spoken(loss)}.')
        return
    raise Refused(
        f'The plan "{plan}" would keep backups for a shorter time: {"; ".join(shorter)}. {forecast.spoken(loss)} at the next data aging, '
        "and nothing brings them back. Set allow_retention_decrease if this is meant.",
        object=plan,
        decreases=shorter,
        aging_out=loss,
    )


def removed(client: Commvault, plan: str, gone: list[Record], kept: list[Record], allowed: bool) -> None:
    """Refuse to remove destinations that others copy from, or that hold backups unless that is allowed; then warn of what goes."""
    for record in gone:
        users = [other["name"] for other in kept if other.get("source") == record["name"] and other.get("region") == record["region"]]
        if users:
            raise InputError(
                f'purge_destinations: "{record["name"]}" of the plan "{plan}" is the source of {", ".join(users)} and cannot go before it.'
            )
    held = [(record, loss_of(client, record["id"], 0, [], everything=True)) for record in gone]
    texts = [f'"{record["name"]}": {_held(loss)}' for record, loss in held]
    if not texts:
        return
    if any(loss is None or loss["jobs"] for _record, loss in held) and not allowed:
        raise Refused(
            f'The plan "{plan}" would lose destinations with what they hold: {"; ".join(texts)}. Set allow_backup_loss if this is meant.',
            object=plan,
            losses=[{"destination": record["name"], "region": record["region"], **(loss or {})} for record, loss in held],
        )
    client.warn(f'The plan "{plan}" loses destinations: {"; ".join(texts)}.')


def loss_of(client: Commvault, destination_id: int, days: int, extended: list[Record], everything: bool = False) -> forecast.Loss | None:
    """What a destination would lose under a retention, or with everything what it holds; None where the server does not tell."""
    rows = forecast.jobs(client, destination_id)
    if rows is None:
        return None
    if everything:
        return forecast.everything(rows)
    return forecast.forecast(rows, days, extended, forecast.now(rows))


def _held(loss: forecast.Loss | None) -> str:
    if loss is None:
        return "Commvault does not tell how many jobs"
    return f"{loss['jobs']} jobs with {loss['bytes']} bytes of backed up data"
