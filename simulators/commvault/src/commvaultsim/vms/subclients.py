# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VM groups and VM-level subclients through the older /Subclient calls, and backup by CreateTask. cvpysdk vssubclient.py."""

from __future__ import annotations

import typing as t

from commvaultsim.jobs.lifecycle import task_reply
from commvaultsim.servers import activity
from commvaultsim.servers.subclients import level_of
from commvaultsim.state import model as m
from commvaultsim.state.job import Job
from commvaultsim.state.registry import SUBCLIENTS, TASKS
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import backup as vmbackup
from commvaultsim.vms import disk_filters, hypervisors
from commvaultsim.vms.content import empty, from_wildcard, merge, to_wildcard
from commvaultsim.wire.replies import generic, response_list, response_object
from commvaultsim.wire.routing import Reply, Request
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
#: Content types: V4 name -> the older number.
NUMBERS = {
    "SERVER": 1,
    "RES_POOL": 2,
    "VAPP": 3,
    "DATACENTER": 4,
    "FOLDER": 5,
    "CLUSTER": 6,
    "DATASTORE": 7,
    "DATASTORE_CLUSTER": 8,
    "VM": 9,
    "VM_NAME": 10,
    "VM_GUEST_OS": 11,
    "VM_GUEST_HOST_NAME": 12,
    "UNPROTECTED_VMS": 16,
    "ROOT": 17,
    "VM_FOLDER": 21,
    "VM_POWER_STATE": 28,
    "VM_NOTES": 29,
    "VM_CUSTOM_ATTRIBUTE": 30,
    "VM_TEMPLATE": 33,
    "TAG": 34,
    "TAG_CATEGORY": 35,
    "SUBCLIENT": 36,
    "CLIENT_GROUP": 37,
}
PLAIN_NUMBERS = {name.replace("_", ""): number for name, number in NUMBERS.items()}
NAMES = {number: name for name, number in NUMBERS.items()} | {"VM": "VM"}
OPERATIONS = {"NONE": 0, "OVERWRITE": 1, "ADD": 2, "DELETE": 3, "CLEAR": 4}


def to_children(content: Json) -> list[Json]:
    """V4 content as vmContent.children: patterns become wildcards, negative conditions equalsOrNotEquals false, ALL groups are nested."""
    out = [_child(item) for item in content.get("virtualMachines") or []]
    for group in content.get("ruleGroups") or []:
        rules = [_child(rule) for rule in group.get("rules") or []]
        every = str(group.get("matchRule", "ALL")).upper() != "ANY"
        out.append({"allOrAnyChildren": every, "equalsOrNotEquals": True, "children": rules})
    return out


def _child(item: Json) -> Json:
    kind = str(item.get("type") or "VM").upper()
    condition = str(item.get("condition") or "EQUALS").upper()
    text = str(item.get("value") or item.get("name") or "")
    shown = to_wildcard(condition, text) if kind.startswith("VM_") else str(item.get("displayName") or item.get("name") or text)
    return {
        "type": NUMBERS.get(kind, 0),
        "name": item.get("GUID") or shown,
        "displayName": shown,
        "path": "",
        "value": str(item.get("value") or ""),
        "equalsOrNotEquals": not condition.startswith("DOES_NOT"),
        "allOrAnyChildren": True,
    }


def from_children(children: list[Json]) -> Json:
    """The other way."""
    out = empty()
    for child in children:
        if child.get("children"):
            rule = "ALL" if child.get("allOrAnyChildren", True) else "ANY"
            out["ruleGroups"].append({"matchRule": rule, "rules": [_item(c, True) for c in child["children"]]})
        elif NAMES.get(_number(child), "VM").startswith("VM_") or child.get("equalsOrNotEquals") is False:
            out["ruleGroups"].append({"matchRule": "ALL", "rules": [_item(child, True)]})
        else:
            out["virtualMachines"].append(_item(child, False))
    return out


def _number(child: Json) -> int:
    """The type is a number, or a name: VM_NAME as V4 has it, or VMName as cvpysdk does."""
    raw = child.get("type")
    return to_int(raw) or PLAIN_NUMBERS.get(str(raw).upper().replace("_", ""), 9)


def _item(child: Json, rule: bool) -> Json:
    kind, shown, name = NAMES.get(_number(child), "VM"), str(child.get("displayName") or ""), str(child.get("name") or "")
    if kind.startswith("VM_"):
        condition, text = from_wildcard(shown or name, bool(child.get("equalsOrNotEquals", True)))
        return {"type": kind, "name": text, "value": child.get("value") or text, "condition": condition}
    out: Json = {"type": kind, "name": shown or name, "GUID": name if name != shown else ""}
    if rule:
        out["condition"] = "EQUALS" if child.get("equalsOrNotEquals", True) else "DOES_NOT_EQUAL"
    return out


class VmGroupKind:
    """Agent 106 below the generic /Subclient calls."""

    def row(self, _sim: Simulator, group: m.Subclient) -> Json:
        """List element."""
        return {
            "commonProperties": {"isDefaultSubclient": group.is_default, "description": group.description},
            "vmContent": {"children": to_children(group.content or {})},
        }

    def detail(self, sim: Simulator, group: m.Subclient) -> Json:
        """Every key that cvpysdk indexes without asking is there."""
        plan, props = sim.plans.get(group.plan_id), group.props
        nodes = props.get("access_nodes") or sim.clients[group.client_id].props.get("access_nodes") or []
        policy = {"storagePolicyId": plan.id, "storagePolicyName": plan.name} if plan else {}
        common: Json = {
            "description": group.description,
            "isDefaultSubclient": group.is_default,
            "onDemandSubClient": False,
            "enableBackup": group.enable_backup,
            **activity.common(sim, group.id),
            "numberOfBackupStreams": props.get("settings", {}).get("noOfReaders", 5),
            "allowMultipleDataReaders": True,
            "encryptionFlag": 2,
            "excludeFromSLA": False,
            "jobStartTime": -1,
            "snapCopyInfo": {"isSnapBackupEnabled": False},
            "lastBackupTime": 0,
            "nextBackupTime": 0,
            "isSnapbackupEnabled": False,
            "storageDevice": {
                "dataBackupStoragePolicy": policy,
                "logBackupStoragePolicy": {},
                "softwareCompression": 1,
                "networkAgents": 2,
                "deDuplicationOptions": {"enableDeduplication": True, "generateSignature": 1},
            },
        }
        proxies = [{"client": {"clientId": n, "clientName": sim.clients[n].name, "_type_": 3}} for n in nodes if n in sim.clients]
        return {
            "vmContent": {"allOrAnyChildren": False, "equalsOrNotEquals": True, "children": to_children(group.content or {})},
            "vmFilter": {"children": to_children(props.get("filters", {}))},
            "vmDiskFilter": disk_filters.to_older(props.get("diskFilters") or disk_filters.empty()),
            "vmBackupInfo": {},
            "commonProperties": common,
            "proxyClient": proxies[0]["client"] if proxies else {},
            "vsaSubclientProp": {"quiesceGuestFileSystemAndApplications": True, "transportMode": 0, "proxies": {"memberServers": proxies}},
        }

    def create(self, sim: Simulator, request: Request) -> Reply:
        """POST /Subclient for a hypervisor."""
        props = request.body.get("subClientProperties") or {}
        entity, name = props.get("subClientEntity") or {}, str((props.get("subClientEntity") or {}).get("subclientName") or "")
        client = sim.client_of(entity)
        if client is None or client not in hypervisors.visible(sim, request):
            return response_object(2, f"Hypervisor [{entity.get('clientName')}] not found.")
        if not name or any(s.client_id == client.id and s.name.lower() == name.lower() for s in sim.subclients.values()):
            return response_object(4, f"Subclient [{name}] already exists." if name else "A subclient needs a name.")
        backupset = next(b for b in sim.backupsets.values() if b.client_id == client.id)
        plan = sim.plan_ref(request, props.get("planEntity"))
        group = m.Subclient(
            sim.new_id(),
            name,
            client.id,
            m.VIRTUAL_SERVER,
            backupset.instance_id,
            backupset.id,
            company_id=client.company_id,
            plan_id=plan.id if plan else 0,
            content=from_children((props.get("vmContent") or {}).get("children") or []),
            created=sim.clock.epoch(),
        )
        group.guid = sim.guid("subclient", group.id)
        sim.subclients[group.id] = group
        return response_object(entity={"subclientId": group.id, "_type_": 7})

    def update(self, sim: Simulator, request: Request, group: m.Subclient) -> Reply:
        """Operation types 1 overwrite, 2 add, 3 delete, 4 clear, as number or name."""
        props = request.body.get("subClientProperties") or {}
        operation = _operation(props, "vmDiskFilter")
        disks = disk_filters.written(group.props.get("diskFilters") or disk_filters.empty(), props.get("vmDiskFilter"), operation)
        wrong = disk_filters.problem(disks)
        if wrong:
            return response_list(6, wrong)
        group.props["diskFilters"] = disks
        group.content = _changed(group.content or empty(), props, "vmContent")
        group.props["filters"] = _changed(group.props.get("filters") or empty(), props, "vmFilter")
        plan = sim.plan_ref(request, props.get("planEntity"))
        group.plan_id = 0 if props.get("removePlanAssociation") else plan.id if plan else group.plan_id
        common = props.get("commonProperties") or {}
        group.enable_backup = bool(common.get("enableBackup", group.enable_backup))
        group.description = str(common.get("description", group.description))
        group.name = request.body.get("newName") or group.name
        return response_list(entity={"subclientId": group.id, "subclientName": group.name})

    def delete(self, sim: Simulator, _request: Request, group: m.Subclient) -> Reply:
        """The default one stays."""
        if group.is_default or group.name == vmbackup.DO_NOT_BACKUP:
            return response_list(8, f"Subclient [{group.name}] can not be deleted.")
        del sim.subclients[group.id]
        return response_list()

    def backup(self, sim: Simulator, request: Request, group: m.Subclient, level: str) -> Job | Reply:
        """A VM-level subclient backs up its VM through its group."""
        client = sim.clients[group.client_id]
        only = None
        if client.kind == "vm":
            parent = sim.subclients.get(client.props["group_id"])
            if parent is None:
                return generic(10, f"The VM group of [{client.name}] was deleted.")
            group, only = parent, [client.props["guid"]]
        if not group.plan_id:
            return generic(9, f"VM group [{group.name}] has no plan, so there is no storage to back up to.")
        return vmbackup.begin(sim, request, group, level, only)


def _operation(props: Json, key: str) -> int:
    """What is to be done with a list, as a number; 0 for nothing."""
    wanted = props.get(f"{key}OperationType")
    return OPERATIONS.get(str(wanted).upper(), to_int(wanted))


def _changed(current: Json, props: Json, key: str) -> Json:
    kind = _operation(props, key)
    return _apply(current, from_children((props.get(key) or {}).get("children") or []), kind) if kind else current


def _apply(current: Json, given: Json, operation: int) -> Json:
    if operation == 4:
        return empty()
    if operation == 3:
        names = {(item["type"], str(item.get("GUID") or item["name"]).lower()) for item in given["virtualMachines"]}
        kept = [i for i in current["virtualMachines"] if (i.get("type"), str(i.get("GUID") or i.get("name")).lower()) not in names]
        return {"virtualMachines": kept, "ruleGroups": [g for g in current["ruleGroups"] if g not in given["ruleGroups"]]}
    return merge(current, {**given, "overwrite": operation == 1})


SUBCLIENTS[m.VIRTUAL_SERVER] = VmGroupKind()


def backup_task(sim: Simulator, request: Request, task: Json) -> Reply | Json:
    """CreateTask operation 2: selectiveVMInfo limits the job to some VMs."""
    jobs = []
    options = ((task.get("subTasks") or [{}])[0].get("options") or {}).get("backupOpts") or {}
    selected = [row["vmGuid"] for row in (options.get("vsaBackupOptions") or {}).get("selectiveVMInfo") or [] if row.get("vmGuid")]
    for association in task.get("associations") or []:
        group = sim.subclient_of(association)
        if group is None or not sim.visible(request, group.company_id):
            return generic(4, "Failed to get any subclient for given association. Check if it is valid")
        if not group.plan_id:
            return generic(9, f"VM group [{group.name}] has no plan, so there is no storage to back up to.")
        jobs.append(vmbackup.begin(sim, request, group, level_of(options.get("backupLevel")), selected or None))
    return task_reply(*jobs)


TASKS[(2, m.VIRTUAL_SERVER)] = backup_task
