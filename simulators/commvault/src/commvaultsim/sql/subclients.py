# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL subclients behind the older /Subclient calls."""

from __future__ import annotations

import copy
import typing as t

from commvaultsim.servers import activity
from commvaultsim.servers.subclients import default_common_properties
from commvaultsim.sql import content, views
from commvaultsim.sql import model as sql
from commvaultsim.sql.backup import start_backup
from commvaultsim.state import model as m
from commvaultsim.state.job import Job
from commvaultsim.state.registry import SUBCLIENTS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import response_list, response_object
from commvaultsim.wire.routing import Reply, Request
from commvaultsim.wire.values import flag

Json = dict[str, t.Any]
DUPLICATE, INVALID, PROTECTED = 1, 2, 3
# What the server works out itself: a client that posts a whole object back (the vendor's SDK does) can't set it.
READ_ONLY = frozenset({"isDefaultSubclient", "lastBackupTime", "lastBackupSize", "totalBackupSize", "firstBackupTime", "nextBackupTime"})


class SqlSubclients:
    """Rows, details and changes of the subclients of application 81 (registry.SubclientKind)."""

    def row(self, sim: Simulator, subclient: m.Subclient) -> Json:  # noqa: ARG002 - the protocol's signature
        """The element of a list: no content, whatever the level."""
        common = {"isDefaultSubclient": subclient.is_default, "description": subclient.description, "enableBackup": subclient.enable_backup}
        return {"proxyClient": {}, "commonProperties": common}

    def detail(self, sim: Simulator, subclient: m.Subclient) -> Json:
        """All properties. The content of a discovering subclient lists what it covers at this moment."""
        backups = [row for row in sql.side(sim).backups if row.subclient_id == subclient.id and row.complete]
        last = [row for row in backups if row.job_id == backups[-1].job_id] if backups else []
        common = copy.deepcopy(subclient.props["commonProperties"]) | {
            "description": subclient.description,
            "isDefaultSubclient": subclient.is_default,
            "enableBackup": subclient.enable_backup,
            **activity.common(sim, subclient.id),
            "firstBackupTime": int(backups[0].time) if backups else 0,
            "lastBackupTime": int(backups[-1].time) if backups else 0,
            "lastBackupSize": sum(row.size for row in last),
            "totalBackupSize": sum(row.size for row in backups),
        }
        plan = sim.plans.get(subclient.plan_id)
        if plan:
            policy = {"storagePolicyId": plan.policies.get("storage", plan.id), "storagePolicyName": plan.name, "_type_": 17}
            common["storageDevice"] |= {"dataBackupStoragePolicy": policy, "logBackupStoragePolicy": policy}
        else:
            common["storageDevice"].setdefault("dataBackupStoragePolicy", {})
            common["storageDevice"].setdefault("logBackupStoragePolicy", {})
        return {
            "proxyClient": {},
            "content": content.entries(sim, subclient),
            "mssqlSubClientProp": copy.deepcopy(subclient.props["mssqlSubClientProp"]),
            "commonProperties": common,
        }

    def create(self, sim: Simulator, request: Request) -> Reply | Json:
        """POST /Subclient, by names. It may be created empty and get its content later."""
        wish = content.properties(request.body)
        entity = wish.get("subClientEntity") or {}
        name = str(entity.get("subclientName") or "").strip()
        instance = views.by_entity(sim, request, entity)
        backupset = sim.backupset_of({**entity, "applicationId": sql.SQL_SERVER, "instanceId": instance.id}) if instance else None
        if instance is None or backupset is None:
            return response_object(INVALID, f"SQL Server instance [{entity.get('instanceName') or ''}] does not exist.")
        if not name:
            return response_object(INVALID, "The subclient needs a name.")
        if _taken(sim, instance.id, name):
            return response_object(DUPLICATE, f"A subclient with the name [{name}] already exists.")
        row = new_subclient(sim, backupset, name)
        sim.subclients[row.id] = row
        try:
            _apply(sim, request, row, {**wish, "contentOperationType": wish.get("contentOperationType") or 2})
        except ValueError as error:
            del sim.subclients[row.id]
            return response_object(INVALID, str(error))
        return response_object(0, "", {"subclientId": row.id, "subclientName": row.name, "_type_": 7})

    def update(self, sim: Simulator, request: Request, subclient: m.Subclient) -> Reply | Json:
        """POST /Subclient/{id}: what is absent stays."""
        entity = {"subclientId": subclient.id, "subclientName": subclient.name, "clientId": subclient.client_id, "_type_": 7}
        name = str(request.body.get("newName") or "").strip()
        if name and name.lower() != subclient.name.lower() and _taken(sim, subclient.instance_id, name):
            return response_list(DUPLICATE, f"A subclient with the name [{name}] already exists.", entity)
        try:
            _apply(sim, request, subclient, content.properties(request.body))
        except ValueError as error:
            return response_list(INVALID, str(error), entity)
        subclient.name = name or subclient.name
        return response_list(0, "", entity | {"subclientName": subclient.name})

    def delete(self, sim: Simulator, request: Request, subclient: m.Subclient) -> Reply | Json:  # noqa: ARG002 - the protocol's signature
        """DELETE /Subclient/{id}: its databases fall back to the default subclient, which itself stays."""
        if subclient.is_default:
            return response_list(PROTECTED, f"The default subclient [{subclient.name}] cannot be deleted.")
        del sim.subclients[subclient.id]
        return response_list(0, "")

    def backup(self, sim: Simulator, request: Request, subclient: m.Subclient, level: str) -> Job | Reply:
        """Start a backup; a Reply is a refusal."""
        return start_backup(sim, request, subclient, level)


def _taken(sim: Simulator, instance_id: int, name: str) -> bool:
    return any(row.name.lower() == name.lower() for row in sql.subclients_of(sim, instance_id))


def _apply(sim: Simulator, request: Request, row: m.Subclient, wish: Json) -> None:
    """All of it or nothing: what may be refused comes first.

    :raises ValueError: something is refused.
    """
    prop = dict(wish.get("mssqlSubClientProp") or {})
    if str(prop.get("sqlSubclientType", 1)).upper() not in ("1", "DATABASE"):
        raise ValueError("File and filegroup subclients are not supported here.")
    reference, plan = wish.get("planEntity") or {}, None
    if reference.get("planId") or reference.get("planName"):
        plan = sim.plan_ref(request, reference)
        if plan is None:
            raise ValueError(f"Plan [{reference.get('planName') or reference.get('planId')}] does not exist.")
    before = copy.deepcopy(row.props), list(row.content)
    try:
        _discovery(sim, row, prop)
        content.apply(sim, row, wish)
    except ValueError:
        row.props, row.content = before
        raise
    if flag(wish.get("removePlanAssociation")):
        row.plan_id = 0
    row.plan_id = plan.id if plan else row.plan_id
    common = {key: value for key, value in (wish.get("commonProperties") or {}).items() if key not in READ_ONLY}
    row.description = str(common.pop("description", row.description) or "")
    if "enableBackup" in common:
        row.enable_backup = flag(common.pop("enableBackup"))
    device = common.pop("storageDevice", None) or {}
    policies = {key: value for key, value in device.items() if not key.endswith("StoragePolicy") or value.get("storagePolicyName")}
    row.props["commonProperties"] |= copy.deepcopy(common)
    row.props["commonProperties"]["storageDevice"] |= copy.deepcopy(policies)


def _discovery(sim: Simulator, row: m.Subclient, prop: Json) -> None:
    """Discovery that is switched off leaves the default subclient with the list that it had."""
    before = content.names(sim, row) if content.discovers(row) else None
    row.props["mssqlSubClientProp"] |= copy.deepcopy(prop)
    if before is not None and not content.discovers(row):
        row.content = before
    elif before is None and content.discovers(row):
        row.content = []


SUBCLIENTS[sql.SQL_SERVER] = SqlSubclients()


def new_subclient(sim: Simulator, backupset: m.Backupset, name: str) -> m.Subclient:
    """A SQL subclient with the agent's defaults; the caller files it."""
    client = sim.clients[backupset.client_id]
    row = m.Subclient(sim.new_id(), name, client.id, sql.SQL_SERVER, backupset.instance_id, backupset.id, company_id=client.company_id)
    row.guid, row.created = sim.guid("subclient", row.id), sim.clock.epoch()
    instance = sql.side(sim).instance(backupset.instance_id)
    row.plan_id = instance.plan_id if instance else 0
    row.props = {
        "commonProperties": default_common_properties(),
        "mssqlSubClientProp": {
            "sqlSubclientType": 1,
            "disableAutoDiscovery": False,
            "useBlockLevelBackupWithOptimizedRecovery": False,
            "blockLevelBackup": 0,
            "disableLogConsistencyCheck": False,
            "numberOfBackupStreams": 2,
            "numberOfTransactionLogStreams": 1,
        },
    }
    return row
