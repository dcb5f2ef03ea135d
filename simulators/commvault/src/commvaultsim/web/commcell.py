# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients read about the installation itself: version, name, time zone, settings of the job manager."""

from __future__ import annotations

import typing as t

from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.routing import Request, route

Json = dict[str, t.Any]


@route("GET", "/CommServ")
def commserve(sim: Simulator, _request: Request) -> Json:
    """Version, name and time zone, as clients read them once."""
    return {
        "csVersionInfo": "11.44.1",
        "releaseId": 16,
        "releaseName": "11.0",
        "commcell": {"commCellName": m.COMMSERVE, "commCellId": 2, "csGUID": sim.guid("commcell")},
        "hostName": f"{m.COMMSERVE}.example.com",
        "currentSPVersion": 44,
        "currentSPVersionInfo": "44.1",
        "csTimeZone": {"TimeZoneName": "(UTC) Coordinated Universal Time", "TimeZoneID": 31},
        "timeZone": "0:0:(UTC) Coordinated Universal Time",
        "commServeFlags": 0,
        "osType": "Windows",
    }


@route("GET", "/CommServ/JobManagementSetting")
def job_settings(sim: Simulator, _request: Request) -> Json:
    """The job manager's settings. What is disabled is refused or queued; see start_job()."""
    return {
        "jobManagementSettings": {
            "generalSettings": {
                "queueJobsIfConflictingJobsActive": True,
                "queueJobsIfActivityDisabled": sim.faults.peek("barred_jobs_queue") is not None,
                "jobStreamHighWaterMarkLevel": 500,
            },
            "errorRulesSettings": [],
        }
    }
