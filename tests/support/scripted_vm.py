# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Commvault answers around the restore of one VM, for tests below the module."""

from __future__ import annotations

import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._commvault.backups.restore import Restore
from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import restore as restore_vm
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._core.engine import Failed, perform, predict
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context
from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

Json = dict[str, t.Any]
UUID = "503b1d0a-1111-2222-3333-444455556666"
OTHER = "503b1d0a-7777-8888-9999-444455556666"
END = 1780000600
ROOT = "https://commvault.example.com/commandcenter/api"
VM_ENTITY = {
    "clientId": 12,
    "clientName": "web01_1",
    "instanceId": 21,
    "instanceName": "VMInstance",
    "backupsetId": 31,
    "backupsetName": "defaultBackupSet",
    "subclientId": 123,
    "subclientName": "default",
    "subclientGUID": "not wanted",
}
GROUP_ENTITY = {**VM_ENTITY, "clientId": 10, "clientName": "vc01", "instanceId": 20, "instanceName": "VMware", "subclientId": 40}
NICS = '<nics><nic name="VM Network" label="Network adapter 1" subnet="" id=""/><nic name="R&amp;D Köln" label="Network adapter 2"/></nics>'


def vm_row(uuid: str = UUID, client: int = 12, **more: t.Any) -> Json:
    """A row of GET /VM."""
    row = {"name": "web01", "strGUID": uuid, "subclientId": 40, "pseudoClient": {"clientId": 10, "clientName": "vc01"}}
    return {**row, **({"client": {"clientId": client}} if client else {}), **more}


def job(number: int, entity: Json, end: int = END, parent: int = 0, status: str = "Completed") -> Json:
    """A row of a list of jobs."""
    times = {"jobStartTime": END - 600, "jobEndTime": end}
    return {"jobSummary": {"jobId": number, "status": status, "vsaParentJobID": parent, "totalNumOfFiles": 1, **times, "subclient": entity}}


def listing(*rows: Json) -> Json:
    """A list of jobs."""
    return {"totalRecordsWithoutPaging": len(rows), "jobs": list(rows)}


def browsed(*rows: Json) -> Json:
    """An answer of POST /DoBrowse."""
    return {"browseResponses": [{"respType": 0, "browseResult": {"dataResultSet": list(rows)}}, {"respType": 5}]}


def disk(name: str, file_name: str, size: int, datastore: str = "ds1") -> Json:
    """A disk in a browse."""
    meta = {"browseMetaData": {"virtualServerMetaData": {"datastore": datastore}}}
    return {"name": name, "displayName": file_name, "size": str(size), "flags": {"file": "1"}, "advancedData": meta}


def machine(**meta: t.Any) -> Json:
    """The VM in a browse."""
    data = {"esxHost": "esx1", "datastore": "ds1", "inventoryPath": "/DC1/vm/prod", "dataCenter": "DC1", "resourcePoolPath": "/", **meta}
    return {
        "displayName": "web01",
        "name": UUID,
        "path": f"\\{UUID}",
        "flags": {},
        "advancedData": {"browseMetaData": {"virtualServerMetaData": data}},
    }


DISKS = browsed(disk("scsi0-0-web01.vmdk", "web01.vmdk", 10 << 30), disk("scsi0-1-web01.vmdk", "web01.vmdk", 20 << 30, "ds2"))


def script(scripted: ScriptedHttp) -> None:
    """The VM web01 of the company Acme, on a hypervisor of the provider, with one backup; a restore that succeeds."""
    scripted.on("GET", "/VM", {"vmStatusInfoList": [vm_row()]})
    scripted.on("GET", f"/V4/VirtualMachines/{UUID}", {"vmDetails": {"summary": {"company": {"id": 142, "name": "Acme"}}}})
    detail = {
        "id": 10,
        "name": "vc01",
        "instance": {"id": 20, "name": "VMware"},
        "accountDetails": {"hostName": "vcenter.example.com"},
        "accessNodeList": {"accessNode": [{"id": 3, "name": "group", "type": 28}, {"id": 11, "name": "proxy1", "type": 3}]},
        "hypervisorCommonProperties": {"company": {"id": 0, "name": "Commcell"}},
    }
    scripted.on("GET", "/V4/Hypervisor/10", detail)
    vendor = {"virtualServerInstance": {"vmwareVendor": {"virtualCenter": {"userName": "svc"}}}}
    scripted.on("GET", "/Instance/20", {"instanceProperties": [vendor]})
    scripted.on("POST", "/Jobs", listing(job(601, VM_ENTITY, parent=600)), listing())
    scripted.on("POST", "/DoBrowse", DISKS, browsed(machine(nics=NICS)))
    scripted.on("POST", "/CreateTask", {"taskId": 10, "jobIds": ["700"]})
    scripted.on("GET", "/Job/700", listing(job(700, {**GROUP_ENTITY, "subclientId": 0})))


def looks(*answers: t.Any) -> restore_vm.Look:
    """What vCenter shows, look after look; the last one stays."""
    queue = list(answers) or [(), (("vm-9", True),)]

    def look(name: str, folder: str, uuid: str | None = None, place: Json | None = None) -> Json:
        vms, below = queue.pop(0) if len(queue) > 1 else queue[0], folder.removeprefix("/DC1/vm/")
        rows = [
            {"name": name, "moid": moid, "instance_uuid": f"uuid of {moid}", "folder": below, "in_folder": inside} for moid, inside in vms
        ]
        return {"folder": f"/DC1/vm/{below}", "vms": rows, "networks": {}}

    return look


DESTINATION: Json = {
    "new_name": "restored",
    "hypervisor": None,
    "access_node": None,
    "esx_host": "esx2",
    "folder": "Restore",
    "resource_pool": "/",
    "datastore": "ds9",
    "datastores": [],
    "network": "Isolated",
    "networks": [],
    "power_on": False,
    "overwrite": False,
}


def run(
    http: ScriptedHttp,
    look: restore_vm.Look | None = None,
    check: bool = False,
    company_id: int | None = None,
    vm: Json | None = None,
    in_place: Json | None = None,
    **destination: t.Any,
) -> Json:
    """Restore, with the options of destination changed; or in place."""
    wanted = {"uuid": UUID, "name": None, "hypervisor": None, "job_id": None, "point_in_time": None, **(vm or {})}
    wanted |= {"destination": None, "in_place": in_place} if in_place else {"destination": {**DESTINATION, **destination}, "in_place": None}
    context = Context.of({}, check, lambda text: None)
    client = Commvault(t.cast(t.Any, http), ROOT, token="QSDK ready", company_id=company_id, missing=context.missing, permit=context.permit)
    http.calls.clear()
    waiting = {"wait": True, "wait_timeout": 60, "fail_on_partial": True, "description": None}
    work = Restore(client, waiting, lambda: restore_vm.plan(client, wanted, look or looks()))
    try:
        return (predict if check else perform)(work)
    except Failed as error:
        raise error.cause from None


def sent(http: ScriptedHttp) -> tuple[list[Json], Json]:
    """Associations and restoreOptions of the one restore that was started."""
    (call,) = [call for call in http.calls if call.path == "/CreateTask"]
    task = call.body["taskInfo"]
    return task["associations"], task["subTasks"][0]["options"]["restoreOptions"]


def nothing_started(http: ScriptedHttp) -> bool:
    """Whether no restore was asked for."""
    return not [call for call in http.calls if call.path == "/CreateTask"]
