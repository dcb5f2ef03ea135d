# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Virtual machines: lists in both styles, one VM, its disks, cards and jobs, its backup. api-virtualization-jobs 3 and 4.2."""

from __future__ import annotations

import typing as t

from commvaultsim.jobs.lifecycle import task_reply
from commvaultsim.jobs.watching import summary
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.vms import backup as vmbackup
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Reply, Request, route
from commvaultsim.wire.values import to_int

Json = dict[str, t.Any]
NUMBERS = {"PROTECTED": 1, "NOT_PROTECTED": 2, "PENDING": 3, "BACKED_UP_WITH_ERROR": 4, "DISCOVERED": 5}


def visible(sim: Simulator, request: Request) -> list[m.Client]:
    """VM clients that may be seen: Commvault knows a VM from its first backup on."""
    return [c for c in sim.clients.values() if c.kind == "vm" and not c.deleted and sim.visible(request, c.company_id)]


def find(sim: Simulator, request: Request, guid: str) -> m.Client:
    """The VM with that instance UUID, or a 404."""
    found = next((c for c in visible(sim, request) if str(c.props["guid"]).lower() == guid.lower()), None)
    if found is None:
        raise Refusal(generic(404, f"Virtual machine [{guid}] not found.", status=404))
    return found


def status(client: m.Client) -> str:
    """PROTECTED, BACKED_UP_WITH_ERROR, PENDING or NOT_PROTECTED. There is no EXCLUDED status."""
    return {"COMPLETED": "PROTECTED", "COMPLETED_WITH_ERRORS": "BACKED_UP_WITH_ERROR", "NEVER_BACKED_UP": "PENDING"}.get(
        client.props.get("last_status", ""), "NOT_PROTECTED"
    )


def _parts(sim: Simulator, c: m.Client) -> Json:
    props = c.props
    hypervisor, group = sim.clients.get(props["hypervisor_id"]), sim.subclients.get(props["group_id"])
    plan = sim.plans.get(props.get("plan_id") or (group.plan_id if group else 0))
    good = props.get("last_status") == "COMPLETED"
    return {
        "vendor": "VMW",
        "hypervisor": {"id": hypervisor.id if hypervisor else 0, "name": hypervisor.name if hypervisor else ""},
        "vmGroup": {"id": group.id if group else 0, "name": group.name if group else ""},
        "os": props.get("os", ""),
        "host": props.get("host", ""),
        "vmSize": props.get("size", 0),
        "applicationSize": props.get("used", 0),
        "status": status(c),
        "plan": {"id": plan.id, "name": plan.name} if plan else {},
        "SLA": {"status": "MET_SLA" if good else "MISSED_SLA", "reason": ""},
        "company": sim.company_ref(c.company_id),
    }


@route("GET", "/V4/VirtualMachines")
def list_vms(sim: Simulator, request: Request) -> Json:
    """No parameter is documented; the header PagingInfo, which GET /VM knows, is honoured."""
    rows = [
        {
            "name": c.props["vm_name"],
            "UUID": c.props["guid"],
            **_parts(sim, c),
            "commcellName": m.COMMSERVE,
            "commcell": {"name": m.COMMSERVE},
            "lastBackup": {
                "jobId": c.props.get("last_job", 0),
                "time": c.props.get("last_time", 0),
                "status": c.props.get("last_status"),
                "lastSuccessfulBackupTime": c.props.get("last_time", 0),
                "failureReason": c.props.get("last_reason", ""),
            },
            "tags": [],
        }
        for c in visible(sim, request)
    ]
    return {"virtualMachines": _page(request, rows), "virtualMachinesCount": len(rows)}


def _page(request: Request, rows: list[t.Any]) -> list[t.Any]:
    """The page of the header PagingInfo: number,size; all without it."""
    page, _comma, size = (request.headers.get("paginginfo") or "0,0").partition(",")
    number, length = to_int(page), to_int(size)
    return rows[number * length : (number + 1) * length] if length else rows


@route("GET", "/V4/VirtualMachines/{guid}")
def get_vm(sim: Simulator, request: Request) -> Json:
    """vmDetails."""
    c = find(sim, request, request.params["guid"])
    times = [vmbackup.ended(sim, b) for b in vmbackup.points(sim, c.props["guid"])]
    return {
        "vmDetails": {
            "displayName": c.props["vm_name"],
            "summary": {**_parts(sim, c), "latestRecoveryPoint": max(times, default=0), "oldestRecoveryPoint": min(times, default=0)},
            "applicationValidationResults": {},
            "passkey": {"authType": "USE_LOGIN"},
            "security": {"associations": [], "permissions": [], "owners": []},
            "activityControl": [{"activityType": "BACKUP", "enableActivityType": c.enable_backup}],
            "tags": [],
        }
    }


@route("PUT", "/V4/VirtualMachines/{guid}")
def update_vm(sim: Simulator, request: Request) -> Reply:
    """Only the VM's own plan is kept; 200 with an empty body, as the real one."""
    c = find(sim, request, request.params["guid"])
    plan = sim.plan_ref(request, request.body.get("plan"))
    if plan:
        c.props["plan_id"] = plan.id
    return Reply(None, 200)


@route("GET", "/VM")
def list_vms_v2(sim: Simulator, request: Request) -> Json:
    """?guid=, ?PseudoClientId=, ?status=; paged by the header PagingInfo: page,size. Only here are the ids of the VM's own client."""
    guid, hypervisor, wanted = (request.q("guid") or "").lower(), to_int(request.q("PseudoClientId")), to_int(request.q("status"))
    rows = [
        c
        for c in visible(sim, request)
        if guid in ("", str(c.props["guid"]).lower()) and hypervisor in (0, c.props["hypervisor_id"]) and wanted in (0, NUMBERS[status(c)])
    ]
    page, _comma, size = (request.headers.get("paginginfo") or "0,0").partition(",")
    shown = _page(request, rows)
    out: Json = {
        "totalRecords": len(rows),
        "pageNo": to_int(page),
        "pageSize": to_int(size) or len(rows),
        "errorCode": 0,
        "errorMessage": "",
    }
    if shown:
        out["vmStatusInfoList"] = [_status_info(sim, c) for c in shown]
    return out


def _status_info(sim: Simulator, c: m.Client) -> Json:
    props, parts = c.props, _parts(sim, c)
    job = sim.jobs.get(props.get("last_job", 0))
    start, end = (int(job.started), int(job.ended)) if job else (0, 0)
    return {
        "name": props["vm_name"],
        "strGUID": props["guid"],
        "vmStatus": NUMBERS[status(c)],
        "vmHost": props.get("host", ""),
        "vmAgent": "",
        "vendor": 1,
        "type": 9,
        "strOSName": props.get("os", ""),
        "osType": 0,
        "vmSize": props.get("size", 0),
        "vmUsedSpace": props.get("used", 0),
        "vmGuestSpace": props.get("used", 0),
        "vmHardwareVer": "",
        "isDeleted": False,
        "isRestoreActivityEnabled": c.enable_restore,
        "client": {"clientId": c.id, "clientName": c.name},
        "pseudoClient": {"clientId": parts["hypervisor"]["id"], "clientName": parts["hypervisor"]["name"]},
        "proxyClient": {},
        "subclientId": parts["vmGroup"]["id"],
        "subclientName": parts["vmGroup"]["name"],
        "vmSubClientEntity": {"subclientId": props["subclient_id"]},
        "plan": {"planId": parts["plan"]["id"], "planName": parts["plan"]["name"]} if parts["plan"] else {},
        "bkpStartTime": start,
        "bkpEndTime": end,
        "vmBackupJob": props.get("last_job", 0),
        "lastBackupJobInfo": {"jobID": props.get("last_job", 0), "startTime": {"time": start}, "endTime": {"time": end}},
        "lastSuccessfulBackupTime": props.get("last_time", 0),
        "slaCategoryDescription": "Met SLA" if parts["SLA"]["status"] == "MET_SLA" else "Missed SLA",
    }


@route("POST", "/V4/VirtualMachines/{guid}/backup", "/v2/vsa/vm/{guid}/backup")
def backup_vm(sim: Simulator, request: Request) -> Reply | Json:
    """One VM of its group; the job is the group's, limited to it. A VM picked by GUID can be backed up before it was ever discovered."""
    guid = request.params["guid"]
    client = next((c for c in visible(sim, request) if str(c.props["guid"]).lower() == guid.lower()), None)
    group = (
        sim.subclients.get(client.props["group_id"])
        if client
        else next(
            (
                g
                for g in vmbackup.groups(sim)
                if sim.visible(request, g.company_id)
                and any(str(item.get("GUID")).lower() == guid.lower() for item in (g.content or {}).get("virtualMachines", []))
            ),
            None,
        )
    )
    if group is None:
        return generic(404, f"Virtual machine [{guid}] not found in any VM group.", status=404)
    if not group.plan_id:
        return generic(9, f"VM group [{group.name}] has no plan, so there is no storage to back up to.")
    request.body = {
        "taskInfo": {
            "task": {"taskType": 1},
            "associations": [sim.entity(group)],
            "subTasks": [
                {
                    "subTask": {"subTaskType": 2, "operationType": 2},
                    "options": {"backupOpts": {"vsaBackupOptions": {"selectiveVMInfo": [{"vmGuid": guid}]}}},
                }
            ],
        }
    }
    return task_reply(vmbackup.begin(sim, request, group, (request.q("backupLevel") or "INCREMENTAL").upper(), [guid]))


@route("GET", "/v2/vsa/vm/{guid}/disks")
def disks(sim: Simulator, request: Request) -> Json:
    """The disks of the newest recovery point, or of ?jobid=; the operating system's is flagged."""
    found = vmbackup.points(sim, find(sim, request, request.params["guid"]).props["guid"], job_id=to_int(request.q("jobid")))
    rows = [disk for disk in found[0].config["disks"] if not disk["skipped"]] if found else []
    return {
        "disks": [
            {
                "name": disk["name"],
                "displayName": disk["file"],
                "isOSDisk": index == 0,
                "type": "VMDK",
                "size": disk["size_bytes"],
                "datastore": disk["datastore"],
            }
            for index, disk in enumerate(rows)
        ]
    }


@route("GET", "/v2/vsa/vm/{guid}/nics")
def nics(sim: Simulator, request: Request) -> Json:
    """The network cards of the newest recovery point."""
    found = vmbackup.points(sim, find(sim, request, request.params["guid"]).props["guid"])
    return {
        "nics": [
            {"label": nic["label"], "name": nic["network"], "macAddress": nic["mac"]} for nic in (found[0].config["nics"] if found else [])
        ]
    }


@route("GET", "/v2/vsa/vm/{guid}/jobs")
def jobs(sim: Simulator, request: Request) -> Json:
    """Jobs of one VM, newest first."""
    client = find(sim, request, request.params["guid"])
    rows = sorted((j for j in sim.jobs.values() if j.client_id == client.id), key=lambda j: j.id, reverse=True)
    return {"totalRecordsWithoutPaging": len(rows), "jobs": [{"jobSummary": summary(sim, j)} for j in rows]}
