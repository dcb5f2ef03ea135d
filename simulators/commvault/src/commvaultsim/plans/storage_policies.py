# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage policies and their copies: the older calls behind plans' destinations and storage pools. api-platform 7.5, api-filesystem 6.1."""

from __future__ import annotations

import typing as t

from commvaultsim.plans import copies
from commvaultsim.plans import rules as plan_rules
from commvaultsim.plans.plans import editable, find, visible_plans
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic, response_list
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]


@route("GET", "/StoragePolicy")
def list_policies(sim: Simulator, request: Request) -> Json:
    """One for each plan, and one for each pool: those are global policies."""
    rows = [{"storagePolicyId": plan.id, "storagePolicyName": copies.policy_name(plan)} for plan in visible_plans(sim, request)]
    pools = [pool for pool in sim.pools.values() if sim.visible(request, pool.company_id, shared=True)]
    return {"policies": rows + [{"storagePolicyId": pool.id, "storagePolicyName": pool.name} for pool in pools]}


@route("GET", "/StoragePolicy/{id:int}", "/V2/StoragePolicy/{id:int}")
def get_policy(sim: Simulator, request: Request) -> Json:
    """The policy with its copies; a pool's global policy has one."""
    pool = _pool(sim, request)
    if pool is not None:
        entity = {"storagePolicyId": pool.id, "storagePolicyName": pool.name}
        return {"storagePolicy": entity, "copy": [copies.pool_row(pool)]}
    plan = find(sim, request)
    return {
        "storagePolicy": {"storagePolicyId": plan.id, "storagePolicyName": copies.policy_name(plan)},
        "copy": [copies.row(sim, plan, copy) for copy in plan.destinations],
    }


def _copy(plan: m.Plan, request: Request) -> m.Destination:
    found = next((copy for copy in plan.destinations if copy.id == to_int(request.params["copy"])), None)
    if found is None:
        raise Refusal(generic(404, f"Copy [{request.params['copy']}] not found in [{plan.name}].", status=404))
    return found


@route("GET", "/V2/StoragePolicy/{id:int}/Copy/{copy:int}")
def get_copy(sim: Simulator, request: Request) -> Json:
    pool = _pool(sim, request)
    if pool is not None:
        return {"copy": copies.pool_row(pool)}
    plan = find(sim, request)
    return {"copy": copies.row(sim, plan, _copy(plan, request))}


def _pool(sim: Simulator, request: Request) -> m.StoragePool | None:
    pool = sim.pools.get(request.number("id"))
    return pool if pool is not None and sim.visible(request, pool.company_id, shared=True) else None


@route("PUT", "/V2/StoragePolicy/{id:int}/Copy/{copy:int}")
def put_copy(sim: Simulator, request: Request) -> Reply:
    """Of a plan's copy its retention, by the same rules as in V4; of a pool's only the compliance lock, which goes one way."""
    info = request.body.get("storagePolicyCopyInfo") or {}
    locks = bool(to_int((info.get("copyFlags") or {}).get("wormCopy")))
    pool = _pool(sim, request)
    if pool is not None:
        pool.worm |= int(locks)
        return response_list()
    plan = editable(sim, request)
    copy = _copy(plan, request)
    try:
        plan_rules.update_destination(sim, plan, copy, copies.flat(copy, info))
    except Refusal as refusal:
        return response_list(refusal.reply.body["errorCode"], refusal.reply.body["errorMessage"])
    copy.cycles = to_int((info.get("retentionRules") or {}).get("retainBackupDataForCycles"), copy.cycles)
    copy.compliance_lock = copy.compliance_lock or locks
    return response_list()
