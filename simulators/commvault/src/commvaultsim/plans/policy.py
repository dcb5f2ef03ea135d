# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What policies need beside the plans themselves: where jobs lie, pins, blackout windows, and what a derived plan takes from its base."""

from __future__ import annotations

import dataclasses as dc
import typing as t

from commvaultsim.plans.schedules import refuse
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
#: What a derived plan may define itself, by the key of overrideInheritSettings, and the name of the base plan's restriction.
PARTS = {"backupDestination": "storagePool", "rpo": "RPO", "backupContent": "backupContent"}
OPTIONAL, MUST, NOT_ALLOWED = "OPTIONAL", "MUST", "NOT_ALLOWED"


@dc.dataclass
class BlackoutWindow:
    """A time in which the jobs of a company (0: of all) do not run. ``periods`` are {"days", "time": {"start", "end"}} as V5 has them.

    ``scope`` narrows it to a client or what is below one, by clientId, subclientId and so on.
    """

    id: int
    name: str
    company_id: int = 0
    operations: list[str] = dc.field(default_factory=lambda: ["ALL_OPERATIONS"])
    periods: list[Json] = dc.field(default_factory=list)
    weeks: list[str] = dc.field(default_factory=lambda: ["EVERY"])
    start: int = 0
    end: int = 0
    do_not_submit: bool = False
    scope: dict[str, int] = dc.field(default_factory=dict)


@dc.dataclass
class PolicySide:
    """``located``: job -> ids of the destinations on which it lies; ``aged`` and ``pins`` are by (destination, job)."""

    located: dict[int, list[int]] = dc.field(default_factory=dict)
    aged: set[tuple[int, int]] = dc.field(default_factory=set)
    pins: dict[tuple[int, int], int] = dc.field(default_factory=dict)
    blackouts: dict[int, BlackoutWindow] = dc.field(default_factory=dict)


def side(sim: Simulator) -> PolicySide:
    """The policy side of a simulator; made on first use."""
    return sim.side(PolicySide, PolicySide)


def source(sim: Simulator, plan: m.Plan, part: str) -> m.Plan:
    """The plan whose part is in effect: the plan itself, or its base."""
    base = sim.plans.get(plan.parent_id)
    return base if base is not None and part not in plan.own else plan


def destinations(sim: Simulator, plan: m.Plan) -> list[m.Destination]:
    """The destinations in effect."""
    return source(sim, plan, "backupDestination").destinations


def derive(plan: m.Plan, base: m.Plan, given: t.Iterable[str]) -> None:
    """Make a new plan a derived one that defines the given parts itself. Raises Refusal where the base forbids or demands it."""
    if not base.allow_override:
        raise refuse(50, f"Plan [{base.name}] does not allow that plans are derived from it.")
    plan.parent_id = base.id
    plan.own = list(given)
    for part, name in PARTS.items():
        rule = base.override_restrictions.get(name, OPTIONAL)
        if rule == NOT_ALLOWED and part in plan.own:
            raise refuse(51, f"Override of [{name}] is not allowed by the base plan [{base.name}].")
        if rule == MUST and part not in plan.own:
            raise refuse(52, f"[{name}] must be overridden in a plan derived from [{base.name}].")


def override(sim: Simulator, plan: m.Plan, wishes: Json) -> None:
    """overrideInheritSettings of a change: true takes the part over, beginning with what the base has; false gives it back."""
    base = sim.plans.get(plan.parent_id)
    if base is None:
        return
    for part, name in PARTS.items():
        if part not in wishes or wishes[part] == (part in plan.own):
            continue
        rule = base.override_restrictions.get(name, OPTIONAL)
        if wishes[part] and rule == NOT_ALLOWED:
            raise refuse(51, f"Override of [{name}] is not allowed by the base plan [{base.name}].")
        if not wishes[part] and rule == MUST:
            raise refuse(52, f"[{name}] must be overridden in a plan derived from [{base.name}].")
        if wishes[part]:
            plan.own.append(part)
            if part == "backupContent":
                plan.content = dict(base.content)
        else:
            plan.own.remove(part)


def inherit_settings(sim: Simulator, plan: m.Plan) -> Json:
    """inheritSettings of the detail; nothing for a plan without a base."""
    base = sim.plans.get(plan.parent_id)
    if base is None:
        return {}
    rows = {
        name: {"overrideBase": base.override_restrictions.get(name, OPTIONAL), "overridden": part in plan.own}
        for part, name in PARTS.items()
    }
    return {"inheritSettings": {"basePlan": {"id": base.id, "name": base.name}, **rows}}
