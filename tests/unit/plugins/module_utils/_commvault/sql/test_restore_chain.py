# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import lookup as sql
from ansible_collections.calligo.baas.plugins.module_utils._commvault.sql import restore as sql_restore
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.lookup import Owner
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.pool import Pool
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import NotFound
from ansible_collections.calligo.baas.tests.support.scripted_client import scripted_client

INSTANCE = sql.Instance(31, "SQL01\\PROD", 6, "sql01", Owner())


def summary(job_id, level, end, subclient=21):
    entity = {"clientId": 6, "instanceId": 31, "applicationId": 81, "subclientId": subclient}
    return {"jobSummary": {"jobId": job_id, "status": "Completed", "backupLevelName": level, "jobEndTime": end, "subclient": entity}}


SUBCLIENTS = {
    "subClientProperties": [
        {
            "subClientEntity": {
                "clientName": "sql01",
                "instanceName": "SQL01\\PROD",
                "subclientId": n,
                "subclientName": str(n),
                "applicationId": 81,
            }
        }
        for n in (21, 22)
    ]
}


def history(*jobs):
    """A client that knows two subclients, for Sales and for Stock, and these jobs, newest first."""
    details = [
        {"subClientProperties": [{"subClientEntity": {"subclientId": number}, "content": [{"mssqlDbContent": {"databaseName": name}}]}]}
        for number, name in ((21, "Sales"), (22, "Stock"))
    ]
    rows = {"jobs": list(jobs), "totalRecordsWithoutPaging": len(jobs)}
    client, _wire, _clock = scripted_client(SUBCLIENTS, *details, rows, pool=Pool(1))
    return client


JOBS = [
    summary(9, "Transaction Log", 900),
    summary(8, "Full", 850, subclient=22),
    summary(7, "Transaction Log", 700),
    summary(6, "Differential", 600),
    summary(5, "Transaction Log", 500),
    summary(4, "Differential", 400),
    summary(3, "Full", 300),
    summary(2, "Transaction Log", 200),
    summary(1, "Full", 100),
]


@pytest.mark.parametrize(
    ("options", "expected", "until"),
    [
        ({}, [3, 6, 7, 9], 901),
        ({"job_id": 7}, [3, 6, 7], 701),
        ({"job_id": 5}, [3, 4, 5], 501),
        ({"job_id": 3}, [3], 301),
        ({"point_in_time": "1970-01-01T00:13:20Z"}, [3, 6, 7, 9], 800),
        ({"point_in_time": "1970-01-01T00:09:00Z"}, [3, 4, 5, 7], 540),
        ({"point_in_time": "1970-01-01T00:02:30Z"}, [1, 2], 150),
        ({"point_in_time": "1970-01-01T00:05:00Z"}, [3], 300),
    ],
)
def test_which_backups_lead_to_a_moment(options, expected, until):
    moment = sql_restore.find_moment(history(*JOBS), INSTANCE, ["sales"], options.get("job_id"), options.get("point_in_time"))
    assert [point.record["id"] for point in moment.chains["sales"]] == expected
    assert (moment.until, moment.exact) == (until, "point_in_time" in options)


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("Sales", {"point_in_time": "1970-01-01T00:01:00Z"}, "no full backup"),
        ("Sales", {"point_in_time": "1970-01-01T01:00:00Z"}, "No log backup"),
        ("Stock", {"point_in_time": "1970-01-01T00:14:30Z"}, "No log backup"),
        ("Sales", {"job_id": 8}, "did not back up"),
        ("Sales", {"job_id": 99}, "is no backup of"),
    ],
)
def test_moments_that_no_backup_leads_to(name, options, text):
    with pytest.raises(NotFound, match=text):
        sql_restore.find_moment(history(*JOBS), INSTANCE, [name], options.get("job_id"), options.get("point_in_time"))
