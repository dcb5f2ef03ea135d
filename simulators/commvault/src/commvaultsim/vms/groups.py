# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VM groups, V4: create, list, read, update, preview, delete, back up. api-virtualization-jobs 2 and 4"""

from __future__ import annotations

import typing as t

from commvaultsim.jobs.lifecycle import task_reply
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.tenancy import credentials
from commvaultsim.vms import backup as vmbackup
from commvaultsim.vms import disk_filters, hypervisors
from commvaultsim.vms.content import Resolver, empty, merge
from commvaultsim.vms.vcenter import VCenterError, connect
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
SETTINGS: Json = {
    "useChangedBlockTrackingOnVM": True,
    "autoDetectVMOwner": False,
    "noOfReaders": 5,
    "vmBackupType": "FILE_SYSTEM_AND_APPLICATION_CONSISTENT",
    "isApplicationAware": False,
    "useVMCheckpointSetting": True,
    "transportMode": "AUTO",
    "datastoreFreespaceCheck": True,
    "datastoreFreespaceRequired": 10,
    "collectFileDetailsforGranularRecovery": False,
    "isVMGroupDiskFiltersIncluded": True,
    "allowEmptySubclient": False,
}
TRANSPORTS = ("AUTO", "SAN", "HOT_ADD", "NAS", "NBD_SSL", "NBD")
BACKUP_TYPES = ("APPLICATION_AWARE", "FILE_SYSTEM_AND_APPLICATION_CONSISTENT", "CRASH_CONSISTENT", "APP_BASED_BACKUP", "INHERITED")


def find(sim: Simulator, request: Request) -> m.Subclient:
    """The VM group of the path, or a 404 also when another company owns it."""
    group = sim.subclients.get(request.number("id"))
    if group is None or group not in vmbackup.groups(sim) or not sim.visible(request, group.company_id):
        raise Refusal(generic(404, f"VM group [{request.params['id']}] not found.", status=404))
    return group


def last_backup(sim: Simulator, group: m.Subclient) -> Json:
    """The newest ended backup job, in the enum of V4."""
    jobs = [j for j in sim.jobs.values() if j.subclient_id == group.id and j.final and not j.is_restore]
    if not jobs:
        return {"jobId": 0, "time": 0, "status": "NEVER_BACKED_UP", "failureReason": ""}
    job = max(jobs, key=lambda j: j.id)
    return {"jobId": job.id, "time": int(job.ended), "status": vmbackup.ENUMS.get(job.status, "FAILED"), "failureReason": job.reason}


def _plan(sim: Simulator, group: m.Subclient) -> Json:
    plan = sim.plans.get(group.plan_id)
    return {"id": plan.id, "name": plan.name, "subType": "VSA_SERVER"} if plan else {}


def _status(last: Json) -> str:
    return {"NEVER_BACKED_UP": "PENDING", "COMPLETED": "PROTECTED", "COMPLETED_WITH_ERRORS": "BACKED_UP_WITH_ERROR"}.get(
        last["status"], "NOT_PROTECTED"
    )


def _login(sim: Simulator, request: Request, given: Json) -> Json:
    """What is kept of settings.guestCredentials: the id of a saved credential, which must exist, or a user name without its password."""
    if given.get("savedCredentials"):
        ref = given["savedCredentials"]
        return {"saved": credentials.find(sim, request, to_int(ref.get("id")), str(ref.get("name") or ""))["id"]}
    return {"name": (given.get("credentials") or {}).get("name")} if given.get("credentials") else {}


def _guest_login(sim: Simulator, group: m.Subclient) -> Json:
    """settings.guestCredentials as it is read; no password is ever told."""
    login = group.props.get("settings", {}).get("guestCredentials") or {}
    row = sim.credentials.get(login.get("saved", 0))
    if row:
        return {"savedCredentials": {"id": row["id"], "name": row["name"]}}
    return {"credentials": {"name": login["name"]}} if login.get("name") else {}


@route("POST", "/V4/VMGroup", "/V5/VmGroup")
def create(sim: Simulator, request: Request) -> Reply | Json:
    """Hypervisor has a capital H; filters, settings and access nodes are not taken here; refusals are 200 with a code."""
    body, name = request.body, str(request.body.get("name") or "")
    if not name or "Hypervisor" not in body:
        return generic(2, "name and Hypervisor are required.", 400)
    ref = body["Hypervisor"]
    hypervisor = sim.by_ref({c.id: c for c in hypervisors.visible(sim, request) if not c.props.get("retired")}, ref)
    if hypervisor is None:
        return generic(3, f"Hypervisor [{ref.get('name') or ref.get('id')}] not found.")
    if any(s.name.lower() == name.lower() for s in sim.subclients.values() if s.client_id == hypervisor.id):
        return generic(4, f"Subclient [{name}] already exists.")
    plan = sim.plan_ref(request, body.get("plan"))
    if body.get("plan") and plan is None:
        return generic(5, f"Plan [{body['plan'].get('name') or body['plan'].get('id')}] not found.")
    backupset = next(b for b in sim.backupsets.values() if b.client_id == hypervisor.id)
    group = m.Subclient(
        sim.new_id(),
        name,
        hypervisor.id,
        m.VIRTUAL_SERVER,
        backupset.instance_id,
        backupset.id,
        company_id=request.company_id or hypervisor.company_id,
        plan_id=plan.id if plan else 0,
        created=sim.clock.epoch(),
        content=merge(empty(), body.get("content") or {}),
    )
    group.guid = sim.guid("subclient", group.id)
    sim.subclients[group.id] = group
    return {"subclientId": group.id, "errorCode": 0, "errorMessage": "", "warningCode": 0, "warningMessage": ""}


@route("GET", "/V4/VMGroups")
def list_groups(sim: Simulator, request: Request) -> Json:
    """Only hypervisorId filters; the vmgroup_identity_nested fault leaves the top-level id and name out."""
    nested = sim.faults.peek("vmgroup_identity_nested")
    rows = []
    for g in vmbackup.groups(sim, to_int(request.q("hypervisorId"))):
        if not sim.visible(request, g.company_id) or not sim.listed(request, g.id):
            continue
        client, last = sim.clients[g.client_id], last_backup(sim, g)
        row: Json = {
            "id": g.id,
            "name": g.name,
            "vmGroup": {"id": g.id, "name": g.name},
            "HypervisorType": "VMW",
            "hypervisor": {"id": client.id, "name": client.name, "displayName": client.display_name},
            "instance": {"id": g.instance_id, "name": "VMware"},
            "status": _status(last),
            "plan": _plan(sim, g),
            "lastBackup": last,
            "company": {**sim.company_ref(g.company_id), "multiCommcellId": 0},
            "isDefaultVMGroup": g.is_default,
            "replicationGroup": {"id": 0, "name": ""},
            "indexingStatus": "NOT_APPLICABLE",
            "vmLevelFileIndexingStatus": "DISABLED_FOR_ALL",
            "SnapBackupEnabled": False,
            "storagePolicyRetentionExtension": False,
            "tags": [],
        }
        rows.append({key: value for key, value in row.items() if not (nested and key in ("id", "name"))})
    return {"vmGroups": rows}


@route("GET", "/V4/VmGroup/{id:int}")
def get(sim: Simulator, request: Request) -> Json:
    """content, filters and diskFilters are arrays here and objects when written; the status is a number."""
    g = find(sim, request)
    client, last, props = sim.clients[g.client_id], last_backup(sim, g), g.props
    vms = [v for v in sim.clients.values() if v.kind == "vm" and v.props.get("group_id") == g.id]
    good = sum(str(v.props.get("last_status", "")).startswith("COMPLETED") for v in vms)
    nodes = [sim.clients[n] for n in props.get("access_nodes") or client.props.get("access_nodes", []) if n in sim.clients]
    backupset = sim.backupsets[g.backupset_id]
    settings = {**SETTINGS, **props.get("settings", {}), "guestCredentials": _guest_login(sim, g)}
    return {
        "id": g.id,
        "name": g.name,
        "status": 1 if _status(last) == "PROTECTED" else 0,
        "vmBackupInfo": {
            "vmTotalCount": len(vms),
            "vmProtectedCount": good,
            "vmNotProtectedCount": len(vms) - good,
            "vmPendingCount": 0,
            "vmNeverBackedUpCount": 0,
            "vmBackedUpWithErrorCount": sum(v.props.get("last_status") == "COMPLETED_WITH_ERRORS" for v in vms),
        },
        "summary": {
            "hypervisorName": client.name,
            "lastBackupTime": last["time"],
            "lastBackupSize": sim.jobs[last["jobId"]].size if last["jobId"] else 0,
            "nextBackupTime": 0,
            "isDefaultVMGroup": g.is_default,
            "backupActivityStatus": "Enabled" if g.enable_backup else "Disabled",
            "plan": _plan(sim, g),
            "region": {},
            "replicationGroup": {"id": 0, "name": ""},
            "timeZone": {"id": 0, "name": ""},
        },
        "content": [{"overwrite": False, **empty(), **(g.content or {})}],
        "filters": [{"overwrite": False, **empty(), **props.get("filters", {})}],
        "diskFilters": [{"overwrite": False, **disk_filters.empty(), **props.get("diskFilters", {})}],
        "lastBackup": last,
        "securityAssociations": [],
        "settings": settings,
        "snapshotManagement": {"enableHardwareSnapshot": False, **props.get("snapshotManagement", {})},
        "activityControl": {"enableBackup": g.enable_backup, "enableRestore": g.enable_restore},
        "applicationValidation": {},
        "accessNodeList": {"accessNode": [{"id": n.id, "name": n.name, "type": 3} for n in nodes]},
        "commonProperties": {
            "isIndexingV2": True,
            "isDeletedHypervisor": False,
            "isETCDSubclient": False,
            "showFullBackupLevel": True,
            "isHypervisorDeconfigured": bool(client.props.get("retired")),
            "hypervisorType": "VMW",
            "hypervisor": {"id": client.id, "name": client.name, "activityControl": {"enableBackup": client.enable_backup}},
            "instance": {"id": g.instance_id, "name": "VMware"},
            "backupset": {"id": backupset.id, "name": backupset.name},
            "iDataAgent": {"id": 106, "name": "Virtual Server"},
            "dataBackupStoragePolicy": {key: value for key, value in _plan(sim, g).items() if key != "subType"},
            "indexingInfo": {},
            "company": sim.company_ref(g.company_id),
        },
        "meditechSystems": {},
    }


@route("PUT", "/V4/VmGroup/{id:int}")
def update(sim: Simulator, request: Request) -> Reply | Json:
    """Only the keys sent are changed; everything is checked before anything is."""
    g, body = find(sim, request), request.body
    name, settings = body.get("newName") or body.get("name") or g.name, body.get("settings") or {}
    if any(s is not g and s.client_id == g.client_id and s.name.lower() == name.lower() for s in sim.subclients.values()):
        return generic(4, f"Subclient [{name}] already exists.")
    plan = sim.plan_ref(request, body.get("plan"))
    if body.get("plan") and plan is None:
        return generic(5, f"Plan [{body['plan'].get('name') or body['plan'].get('id')}] not found.")
    if settings.get("transportMode", "AUTO") not in TRANSPORTS or settings.get("vmBackupType", "INHERITED") not in BACKUP_TYPES:
        return generic(6, f"settings carry an unknown transportMode or vmBackupType: {settings}.", 400)
    wrong = disk_filters.problem(body.get("diskFilters") or {})
    if wrong:
        return generic(10, wrong, 400)
    login = _login(sim, request, settings.get("guestCredentials") or {})
    nodes = [sim.by_ref(sim.clients, ref) for ref in body.get("accessNode") or []]
    if any(n is None or not n.access_node for n in nodes):
        return generic(7, "An access node of the request was not found.", 400)
    g.name = name
    g.plan_id = 0 if body.get("removePlanAssociation") else plan.id if plan else g.plan_id
    if "content" in body:
        g.content = merge(g.content or empty(), body["content"] or {})
    for key, blank in (("filters", empty()), ("diskFilters", disk_filters.empty())):
        if key in body:
            g.props[key] = merge(g.props.get(key) or blank, body[key] or {})
    g.props.setdefault("settings", {}).update(settings | ({"guestCredentials": login} if login else {}))
    g.props.setdefault("snapshotManagement", {}).update(body.get("snapshotManagement") or {})
    if "accessNode" in body:
        g.props["access_nodes"] = [n.id for n in nodes if n]
    activity = body.get("activityControl") or {}
    g.enable_backup = bool(activity.get("enableBackup", g.enable_backup))
    g.enable_restore = bool(activity.get("enableRestore", g.enable_restore))
    return {"subclientId": g.id, "errorCode": 0, "errorMessage": "", "warningCode": 0, "warningMessage": ""}


@route("DELETE", "/V4/VmGroup/{id:int}")
def delete(sim: Simulator, request: Request) -> Reply:
    """Backed-up data and VM clients stay."""
    g = find(sim, request)
    if g.is_default:
        return generic(8, "The default VM group can not be deleted.", 500)
    del sim.subclients[g.id]
    return generic()


@route("POST", "/V4/VmGroup/Preview", writes=False)
def preview(sim: Simulator, request: Request) -> Reply | Json:
    """Which VMs a content would match now."""
    hypervisor = hypervisors.find(sim, request, request.number("hypervisorId"))
    props, body = hypervisor.props, request.body
    try:
        with connect(sim, props["vcenter_host"], props["username"], props["password"]) as vcenter:
            inventory = vcenter.inventory()
            found = Resolver(inventory, vcenter).resolve(
                merge(empty(), body.get("content") or {}), merge(empty(), body.get("filters") or {})
            )
    except VCenterError as error:
        return generic(12, str(error), 500)
    hosts = {vm.id: inventory.nodes.get(vm.props["runtime.host"]._moId) for vm in found if vm.props.get("runtime.host")}
    return {
        "ProtectedVMCount": len(found),
        "managementVersion": "",
        "vmGroup": {"id": 0, "name": ""},
        "vmList": [
            {
                "name": vm.name,
                "GUID": vm.props.get("config.instanceUuid"),
                "poweredStatus": str(vm.props.get("runtime.powerState")),
                "toolStatus": "",
                "host": getattr(hosts.get(vm.id), "name", ""),
            }
            for vm in found
        ],
    }


@route("POST", "/V4/VmGroup/{id:int}/backup", "/v2/vsa/vmgroup/{id:int}/backup")
def backup(sim: Simulator, request: Request) -> Reply | Json:
    """The level belongs into the query: in a body it is ignored, and an incremental is made."""
    g = find(sim, request)
    if not g.plan_id:
        return generic(9, f"VM group [{g.name}] has no plan, so there is no storage to back up to.")
    return task_reply(vmbackup.begin(sim, request, g, (request.q("backupLevel") or "INCREMENTAL").upper()))
