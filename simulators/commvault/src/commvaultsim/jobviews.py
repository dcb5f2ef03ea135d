# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a job is shown: the jobSummary object and the status of a VM in it. api-virtualization-jobs 7.3 and 7.6."""

from __future__ import annotations

import typing as t

from commvaultsim import jobs as j
from commvaultsim import model as m
from commvaultsim.simulator import Simulator, app_name

Json = dict[str, t.Any]


def summary(sim: Simulator, job: j.Job) -> Json:
    """The jobSummary object (7.3)."""
    client, target = sim.clients.get(job.client_id), sim.clients.get(job.destination_client_id or job.client_id)
    subclient, backupset = sim.subclients.get(job.subclient_id), sim.backupsets.get(job.backupset_id)
    plan = sim.plans.get(subclient.plan_id) if subclient else None
    level = j.LEVEL_NAMES.get(job.level, "")
    entity = {
        "clientId": job.client_id,
        "clientName": client.name if client else "",
        "displayName": client.display_name if client else "",
        "instanceId": job.instance_id,
        "instanceName": sim.instance_name(job.instance_id, job.application_id),
        "backupsetId": job.backupset_id,
        "backupsetName": backupset.name if backupset else "",
        "subclientId": job.subclient_id,
        "subclientName": subclient.name if subclient else job.result.get("subclient_name", ""),
        "applicationId": job.application_id,
        "appName": app_name(job.application_id, in_list=True),
    }
    destination = {"clientId": target.id if target else 0, "clientName": target.name if target else ""}
    end = int(job.ended)
    active = not job.final
    return {
        "jobId": job.id,
        "status": job.status,
        "localizedStatus": job.status,
        "statusColor": "working" if active else "black",
        "jobType": {j.RESTORE: "Restore", j.BACKUP: "Backup", j.SYNTHETIC: "Synthetic Full"}.get(job.op_type, job.operation),
        "opType": job.op_type,
        "localizedOperationName": job.operation,
        "backupLevel": j.LEVELS.get(job.level, 0),
        "backupLevelName": level,
        "localizedBackupLevelName": level,
        "percentComplete": job.percent,
        "currentPhase": 4 if job.phase else 0,
        "currentPhaseName": job.phase,
        "pendingReason": job.reason if active else "",
        "pendingReasonErrorCode": "19:1131" if active and job.reason else "",
        "sizeOfApplication": job.size,
        "sizeOfMediaOnDisk": job.media_size,
        "percentSavings": round(100 - 100 * job.media_size / job.size, 1) if job.size else 0.0,
        "totalNumOfFiles": job.files,
        "totalFailedFiles": job.failed_files,
        "totalFailedFolders": job.failed_folders,
        "jobStartTime": int(job.started or job.submitted),
        "jobEndTime": end,
        "lastUpdateTime": end or int(job.updated),
        "jobElapsedTime": int((job.ended or sim.clock.now()) - (job.started or job.submitted)),
        "attemptStartTime": int(job.started),
        "averageThroughput": 350.0 if job.size else 0.0,
        "currentThroughput": 350.0 if active and job.size else 0.0,
        "appTypeName": app_name(job.application_id, in_list=True),
        "backupSetName": entity["backupsetName"],
        "subclientName": entity["subclientName"],
        "destClientName": destination["clientName"],
        "destinationClient": destination,
        "subclient": entity,
        "storagePolicy": {"storagePolicyName": plan.name if plan else ""},
        "userName": {"userId": job.user_id, "userName": job.user},
        "company": sim.company_ref(job.company_id),
        "commcellId": 2,
        "isVisible": job.visible,
        "isAged": job.aged,
        "isPreemptable": False,
        "errorType": 0,
        "alertColorLevel": 0,
        "jobAttributes": 0,
        "jobSubmitErrorCode": 0,
        "vsaParentJobID": job.parent_id,
        "clientGroups": [],
    }


def vm_status(vm: m.JobVm, job: j.Job) -> Json:
    return {
        "GUID": vm.guid,
        "vmName": vm.name,
        "jobID": vm.job_id,
        "Status": vm.status,
        "FailureReason": vm.reason,
        "Size": vm.size,
        "UsedSpace": vm.used,
        "GuestSpace": vm.used,
        "BackupStartTime": vm.start,
        "BackupEndTime": vm.end,
        "BackupType": j.LEVELS.get(job.level, 0),
        "backupLevel": j.LEVELS.get(job.level, 0),
        "TransportMode": "nbdssl",
        "CBTStatus": "Used",
        "Agent": vm.agent,
        "Host": vm.host,
        "totalFiles": 0,
        "AverageThroughput": 350.0,
        "CurrentThroughput": 0,
        "clientId": vm.client_id,
        "OperatingSystem": vm.os,
        "ToolsVersion": "",
        "restoredSize": vm.size if job.is_restore else 0,
        "destinationVMName": vm.destination_name,
        "destinationVMGuid": vm.destination_guid,
        "syncStatus": 0,
    }
