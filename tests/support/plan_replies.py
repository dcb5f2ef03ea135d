# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server answers about one plan, for tests on a scripted wire."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.calligo.baas.tests.support.scripted_http import ScriptedHttp

Json = dict[str, t.Any]
MODULE = "commvault_plan"
NIGHTLY: Json = {"backup_type": "incremental", "frequency": {"type": "daily", "start_time": "21:00"}}
BAD_GATEWAY = (502, "<html><title>502 Bad Gateway</title></html>")
SUMMARY: Json = {"plan": {"id": 71, "name": "gold"}, "associatedEntities": 0, "company": {"id": 0, "name": "Commcell"}}
POOLS: Json = {
    "storagePoolList": [
        {"storagePoolEntity": {"storagePoolId": 15, "storagePoolName": "pool-1", "entityInfo": {"companyId": 0}}, "storageType": 1},
        {"storagePoolEntity": {"storagePoolId": 22, "storagePoolName": "pool-s3", "entityInfo": {"companyId": 0}}, "storageType": 2},
        {"storagePoolEntity": {"storagePoolId": 30, "storagePoolName": "tape", "entityInfo": {"companyId": 0}}, "storageType": 4},
    ]
}
REGIONS: Json = {"regions": [{"id": 43, "name": "luxembourg"}, {"id": 44, "name": "jersey"}]}
DETAIL: Json = {
    "plan": {"id": 71, "name": "gold"},
    "rpo": {
        "backupFrequency": {
            "schedules": [
                {
                    "scheduleId": 901,
                    "policyId": 300,
                    "scheduleName": "Incremental backup schedule",
                    "scheduleOperation": "MODIFY",
                    "backupType": "INCREMENTAL",
                    "forDatabasesOnly": False,
                    "schedulePattern": {
                        "scheduleFrequencyType": "DAILY",
                        "frequency": 1,
                        "startTime": 75600,
                        "startDate": 1718000000,
                        "noOfTimes": 0,
                    },
                    "scheduleOption": {"daysBetweenAutoConvert": 7},
                }
            ]
        },
        "SLA": {"useSystemDefaultSLA": True, "SLAPeriod": 7},
    },
    "backupDestinations": [
        {
            "planBackupDestination": {"id": 511, "name": "Primary"},
            "isDefault": True,
            "storagePool": {"id": 15, "name": "pool-1", "retentionPeriodDays": 14, "wormStoragePoolFlag": 0},
            "region": {"id": 43, "name": "luxembourg"},
            "backupsToCopy": "All_JOBS",
            "enableDataAging": False,
            "overrideRetentionSettings": True,
            "retentionRuleType": "RETENTION_PERIOD",
            "retentionPeriodDays": 30,
            "useExtendedRetentionRules": True,
            "extendedRetentionRules": {
                "firstExtendedRetentionRule": {"type": "MONTHLY_FULLS", "isInfiniteRetention": False, "retentionPeriodDays": 365}
            },
        },
        {
            "planBackupDestination": {"id": 512, "name": "Primary snap"},
            "isSnapCopy": True,
            "storagePool": {"id": 15, "name": "pool-1"},
            "region": {"id": 43, "name": "luxembourg"},
            "overrideRetentionSettings": True,
            "retentionPeriodDays": 8,
        },
    ],
}


def detail(**first: t.Any) -> Json:
    """The plan's detail, with its first destination changed."""
    result = copy.deepcopy(DETAIL)
    result["backupDestinations"][0].update(first)
    return result


def primary(**more: t.Any) -> Json:
    """The first destination as a task names it."""
    return {"name": "Primary", **more}


def script(http: ScriptedHttp) -> ScriptedHttp:
    """The plan is there, with a namesake in another company, and its pools encrypt."""
    http.on(
        "GET",
        "/V4/Plan/Summary",
        {"plans": [SUMMARY, {**SUMMARY, "plan": {"id": 72, "name": "gold"}, "company": {"id": 9, "name": "Other"}}]},
    )
    http.on("GET", "/V4/ServerPlan/71", DETAIL)
    http.on("GET", "/V4/Plan/BackupDestination/511/Jobs", {"jobs": []})
    http.on("GET", "/StoragePool", POOLS)
    http.on("GET", "/V4/Regions", REGIONS)
    for kind, number in (("Disk", 15), ("Cloud", 22)):
        http.on("GET", f"/V4/Storage/{kind}/{number}", {"id": number, "encryption": {"encrypt": True, "cipher": "AES"}})
    return http


def run(http: ScriptedHttp, *destinations: Json, check: bool = False, **options: t.Any) -> Json:
    """Run the module for the plan."""
    return http.run(MODULE, {"name": "gold", **({"destinations": list(destinations)} if destinations else {}), **options}, check=check)
