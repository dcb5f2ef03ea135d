# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File system subclients behind the older /Subclient calls, and the `default` subclient of every file server."""

from __future__ import annotations

import copy
import typing as t

from commvaultsim.files import content, filesystem
from commvaultsim.files.backup import start_backup
from commvaultsim.servers import activity
from commvaultsim.servers.subclients import default_common_properties
from commvaultsim.state import model as m
from commvaultsim.state.job import Job
from commvaultsim.state.registry import SUBCLIENTS
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import response_list, response_object
from commvaultsim.wire.routing import Reply, Request
from commvaultsim.wire.values import flag, to_int

Json = dict[str, t.Any]
DUPLICATE, INVALID, PROTECTED = 1, 2, 3
# What the server works out itself; a client that posts a whole object back (the vendor's SDK does) can't set it.
READ_ONLY = frozenset({"isDefaultSubclient", "lastBackupTime", "lastBackupSize", "totalBackupSize", "firstBackupTime", "nextBackupTime"})


def default_file_properties(application_id: int) -> Json:
    """``fsSubClientProp`` as a freshly installed agent has it."""
    windows = application_id == m.FILE_SYSTEM_WINDOWS
    return {
        "useGlobalFilters": 2,
        "includePolicyFilters": True,
        "useVSS": windows,
        "vssOptions": 2,
        "useVssForAllFilesOptions": 3,
        "useVSSForSystemState": windows,
        "backupSystemState": False,
        "scanOption": 2 if windows else 1,
        "followMountPointsMode": "FOLLOW_MOUNT_POINTS_ON",
        "customSubclientFlag": True,
        "customSubclientContentFlags": 0,
        "catalogACL": False,
        "blockLevelBackup": 0,
        "createFileLevelIndexDuringBackup": False,
        "backupFilesAsExtents": False,
        "isTrueUpOptionEnabledForFS": True,
        "runTrueUpJobAfterDaysForFS": 30,
        "backupRetention": False,
        "archiverRetention": False,
        "backupRetentionMode": 1,
        "afterDeletionKeepItemsForNDays": 730,
        "olderFileVersionsMode": 1,
        "keepOlderVersionsForNDays": 30,
        "keepVersions": 0,
        "extendRetentionForNDays": -1,
        "oneTouchSubclient": False,
        "diskCleanupRules": {"enableArchivingWithRules": False},
    }


def new_subclient(sim: Simulator, backupset: m.Backupset, name: str, is_default: bool = False) -> m.Subclient:
    """A row with the defaults of its agent; the caller files it."""
    client = sim.clients[backupset.client_id]
    row = m.Subclient(sim.new_id(), name, client.id, backupset.application_id, 1, backupset.id, company_id=client.company_id)
    row.guid, row.is_default, row.created = sim.guid("subclient", row.id), is_default, sim.clock.epoch()
    row.content = [{"path": filesystem.WHOLE_MACHINE[backupset.application_id]}] if is_default else []
    row.props = {
        "fsSubClientProp": default_file_properties(backupset.application_id),
        "commonProperties": default_common_properties(),
        "useLocalContent": True,
    }
    return row


def _merge(target: Json, changes: Json) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = copy.deepcopy(value)


def _apply_plan(sim: Simulator, request: Request, row: m.Subclient, properties: Json) -> None:
    reference = properties.get("planEntity") or {}
    if flag(properties.get("removePlanAssociation")):
        row.content = filesystem.effective_content(sim, row)
        row.plan_id, row.props["useLocalContent"] = 0, True
    elif reference.get("planId") or reference.get("planName"):
        plan = sim.plan_ref(request, reference)
        if plan is None:
            raise content.ContentError(f"Plan [{reference.get('planName') or reference.get('planId')}] does not exist.")
        row.plan_id = plan.id


def _apply_content(sim: Simulator, row: m.Subclient, properties: Json) -> None:
    windows = row.application_id == m.FILE_SYSTEM_WINDOWS
    wish: bool | None = None
    if "useContentFromPlan" in properties:
        wish = not flag(properties["useContentFromPlan"])
    elif "useLocalContent" in properties:
        wish = flag(properties["useLocalContent"])
    if wish is False:
        row.props["useLocalContent"] = False
        return
    before = filesystem.effective_content(sim, row) or row.content
    after = content.change(before, properties, windows)
    # The vendor's SDK posts the whole list back with every change; that must not cut a subclient off from its plan.
    if wish or row.props["useLocalContent"] or not content.same(before, after, windows):
        row.content, row.props["useLocalContent"] = after, True


def _apply_properties(row: m.Subclient, properties: Json) -> None:
    common = {key: value for key, value in (properties.get("commonProperties") or {}).items() if key not in READ_ONLY}
    row.description = str(common.pop("description", row.description) or "")
    if "enableBackup" in common:
        row.enable_backup = flag(common.pop("enableBackup"))
    _merge(row.props["commonProperties"], common)
    _merge(row.props["fsSubClientProp"], properties.get("fsSubClientProp") or {})
    user = (properties.get("impersonateUser") or {}).get("userName")
    if user is not None:
        row.props["impersonateUser"] = str(user)


def _properties(request: Request) -> Json:
    found = request.body.get("subClientProperties") if isinstance(request.body, dict) else None
    found = found[0] if isinstance(found, list) and found else found
    return t.cast(Json, found) if isinstance(found, dict) else {}


class FileSubclients:
    """Rows, details and changes of the subclients of applications 33 and 29 (registry.SubclientKind)."""

    def row(self, sim: Simulator, subclient: m.Subclient) -> Json:  # noqa: ARG002 - the protocol's signature
        """The element of a list: no content, whatever the level."""
        common = {"isDefaultSubclient": subclient.is_default, "description": subclient.description, "enableBackup": subclient.enable_backup}
        return {"proxyClient": {}, "dfsSubclientProp": {}, "analyticsSubclientProp": {}, "commonProperties": common}

    def detail(self, sim: Simulator, subclient: m.Subclient) -> Json:
        """All properties; ``content`` is what is in force, the plan's when the subclient inherits it."""
        jobs = filesystem.side(sim).store.jobs_of(subclient.id)
        plan = sim.plans.get(subclient.plan_id)
        common = copy.deepcopy(subclient.props["commonProperties"]) | {
            "description": subclient.description,
            "isDefaultSubclient": subclient.is_default,
            "enableBackup": subclient.enable_backup,
            **activity.common(sim, subclient.id),
            "firstBackupTime": jobs[0].time if jobs else 0,
            "lastBackupTime": jobs[-1].time if jobs else 0,
            "lastBackupSize": jobs[-1].size if jobs else 0,
            "totalBackupSize": sum(job.size for job in jobs),
        }
        policy = {"storagePolicyId": plan.policies.get("storage", plan.id), "storagePolicyName": plan.name, "_type_": 17} if plan else {}
        common["storageDevice"].setdefault("logBackupStoragePolicy", {})
        common["storageDevice"]["dataBackupStoragePolicy"] = policy or common["storageDevice"].get("dataBackupStoragePolicy", {})
        return {
            "subClientEntity": sim.entity(subclient),
            "impersonateUser": {"userName": subclient.props.get("impersonateUser", "")},
            "proxyClient": {},
            "planEntity": plan_entity(plan),
            "useLocalContent": bool(subclient.props["useLocalContent"]),
            "content": filesystem.effective_content(sim, subclient),
            "fsSubClientProp": copy.deepcopy(subclient.props["fsSubClientProp"]),
            "commonProperties": common,
        }

    def create(self, sim: Simulator, request: Request) -> Reply | Json:
        """POST /Subclient; names are resolved here, so that a create needs no look-ups."""
        properties = _properties(request)
        entity = properties.get("subClientEntity") or {}
        try:
            backupset = _backupset(sim, request, entity)
            row = self._new(sim, request, backupset, properties, str(entity.get("subclientName") or "").strip())
        except content.ContentError as error:
            return response_object(INVALID, str(error))
        except FileExistsError as error:
            return response_object(DUPLICATE, str(error))
        sim.subclients[row.id] = row
        return response_object(0, "", {"subclientId": row.id, "_type_": 0})

    def _new(self, sim: Simulator, request: Request, backupset: m.Backupset, properties: Json, name: str) -> m.Subclient:
        if not name:
            raise content.ContentError("The subclient needs a name.")
        _refuse_duplicate(sim, backupset.id, name)
        row = new_subclient(sim, backupset, name)
        _apply_plan(sim, request, row, properties)
        row.content = content.entries(properties.get("content"))
        local = any("path" in entry for entry in row.content) and not flag(properties.get("useContentFromPlan"))
        if not local and not row.plan_id:
            raise content.ContentError("The subclient content cannot be empty.")
        row.props["useLocalContent"] = local
        _apply_properties(row, properties)
        return row

    def update(self, sim: Simulator, request: Request, subclient: m.Subclient) -> Reply | Json:
        """POST /Subclient/{id}: what is absent stays; all of it or nothing is taken."""
        properties = _properties(request)
        draft = copy.deepcopy(subclient)
        entity = {"subclientId": subclient.id, "subclientName": subclient.name, "clientId": subclient.client_id, "_type_": 7}
        try:
            new_name = str(request.body.get("newName") or "").strip()
            if new_name and new_name.lower() != subclient.name.lower():
                _refuse_duplicate(sim, subclient.backupset_id, new_name)
            draft.name = new_name or draft.name
            _apply_plan(sim, request, draft, properties)
            _apply_content(sim, draft, properties)
            _apply_properties(draft, properties)
        except content.ContentError as error:
            return response_list(INVALID, str(error), entity)
        except FileExistsError as error:
            return response_list(DUPLICATE, str(error), entity)
        sim.subclients[subclient.id] = draft
        return response_list(0, "", entity | {"subclientName": draft.name})

    def delete(self, sim: Simulator, request: Request, subclient: m.Subclient) -> Reply | Json:  # noqa: ARG002 - the protocol's signature
        """DELETE /Subclient/{id}: not the default one. What was backed up stays until it ages."""
        if subclient.is_default:
            return response_list(PROTECTED, f"The default subclient [{subclient.name}] cannot be deleted.")
        del sim.subclients[subclient.id]
        return response_list(0, "")

    def backup(self, sim: Simulator, request: Request, subclient: m.Subclient, level: str) -> Job | Reply:
        """Start a backup; a Reply is a refusal."""
        return start_backup(sim, request, subclient, level)


def plan_entity(plan: m.Plan | None) -> Json:
    """A plan as older answers name it; {} is none."""
    if plan is None:
        return {}
    return {"planId": plan.id, "planName": plan.name, "planType": 2, "planSubtype": 33554437, "_type_": 158}


def _refuse_duplicate(sim: Simulator, backupset_id: int, name: str) -> None:
    if any(row.name.lower() == name.lower() for row in filesystem.subclients_of(sim, backupset_id)):
        raise FileExistsError(f"A subclient with the name [{name}] already exists.")


def _backupset(sim: Simulator, request: Request, entity: Json) -> m.Backupset:
    client = sim.client_of(entity)
    if client is None or not sim.visible(request, client.company_id):
        raise content.ContentError(f"Client [{entity.get('clientName') or entity.get('clientId') or ''}] does not exist.")
    application = next((agent for agent in client.agents if agent in filesystem.APPLICATIONS), 0)
    if not application:
        raise content.ContentError(f"The File System agent is not installed on client [{client.name}].")
    wanted = {**entity, "clientId": client.id, "applicationId": to_int(entity.get("applicationId")) or application}
    backupset = sim.backupset_of(wanted)
    if backupset is None or backupset.client_id != client.id:
        raise content.ContentError(f"Backup set [{entity.get('backupsetName') or ''}] does not exist on client [{client.name}].")
    return backupset


for _application in filesystem.APPLICATIONS:
    SUBCLIENTS[_application] = FileSubclients()
