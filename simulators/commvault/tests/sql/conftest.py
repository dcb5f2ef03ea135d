# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator with SQL Servers of two companies and the provider's, and what the tests of databases do over and over."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from commvaultsim import scenario
from commvaultsim.state import model as m
from commvaultsim.state.clock import SimClock
from commvaultsim.state.simulator import Simulator

if t.TYPE_CHECKING:
    from ..conftest import Api

Json = dict[str, t.Any]
PROD = "ACME-SQL01\\PROD"
SALES, KOELN, SIMPLE = "Sales", "Übersicht Köln / 100% [alt]", "Test copy"
SCENARIO: Json = {
    "regions": [{"name": "luxembourg", "city": "Luxembourg", "country": "Luxembourg"}],
    "sql_servers": [
        {
            "name": "acme-sql01",
            "version": "15.0.4410.1",
            "instances": [
                {
                    "name": PROD,
                    "databases": [
                        {"name": SALES, "rows": 3},
                        {"name": KOELN, "rows": [{"id": 1, "city": "Köln"}]},
                        {"name": SIMPLE, "recovery_model": "simple", "rows": 2},
                    ],
                },
                {"name": "ACME-SQL01\\REPORTS", "discovered": False, "databases": [{"name": "Reports"}]},
            ],
        },
        {"name": "boreal-sql01", "instances": [{"name": "BOREAL-SQL01", "databases": [{"name": "Îles"}]}]},
        {"name": "old-sql01", "version": "13.0", "instances": [{"name": "OLD-SQL01"}]},
        {
            "name": "lux-sql-restore-01",
            "version": "16.0",
            "instances": [{"name": "LUX-SQL-RESTORE-01", "data_path": "E:\\SQL", "log_path": "E:\\SQL"}],
        },
    ],
    "install_hosts": [
        {"name": "acme-fs02", "region": "luxembourg", "drives": {"D": {"files": [{"path": "a.txt", "text": "a"}]}}},
        {"name": "acme-sql02", "install_user": "ACME\\svc", "instances": [{"name": "ACME-SQL02", "databases": [{"name": "CRM"}]}]},
        {"name": "gone-01", "ready": False},
    ],
}


@pytest.fixture
def sim(tmp_path: pathlib.Path) -> Simulator:
    simulator = Simulator(SimClock("manual"), job_seconds=10, state_dir=tmp_path)
    scenario.load(simulator, SCENARIO, "not-a-secret-in-a-test")
    simulator.companies[50] = m.Company(50, "Acme Sàrl", "acme")
    simulator.companies[51] = m.Company(51, "Boréal", "boreal")
    simulator.plans[60] = m.Plan(60, "gold", company_id=50)
    for name, company in (("acme-sql01", 50), ("boreal-sql01", 51)):
        client = simulator.client_by_name(name)
        assert client is not None
        client.company_id = company
        for row in simulator.subclients.values():
            if row.client_id == client.id:
                row.company_id, row.plan_id = company, 60
    return simulator


class Sql:
    """What the tests do over and over, in the API's words."""

    def __init__(self, api: Api, sim: Simulator) -> None:
        self.api, self.sim = api, sim
        self.ids = api.get("/GetId", params={**CHAIN, "backupset": "defaultBackupSet", "subclient": "default"})

    @property
    def instance(self) -> int:
        return int(self.ids["instanceId"])

    def target(self) -> Json:
        """The provider's restore instance as a destination."""
        rows = self.api.get("/V4/Instances")["instances"]
        row = next(row for row in rows if row["name"] == "LUX-SQL-RESTORE-01")
        return {"destClient": {"clientId": row["client"]["id"]}, "destinationInstance": {"clientId": 0, "instanceId": row["id"]}}

    def create(self, name: str, *databases: str, **more: t.Any) -> Json:
        entity = {"clientName": "acme-sql01", "appName": "SQL Server", "instanceName": PROD, "subclientName": name}
        wish = {
            "subClientEntity": {**entity, "backupsetName": "defaultBackupSet"},
            "contentOperationType": 2,
            "content": content(*databases),
        }
        return t.cast(Json, self.api.post("/Subclient", {"subClientProperties": {**wish, "planEntity": {"planName": "gold"}, **more}}))

    def update(self, number: int, **properties: t.Any) -> Json:
        return t.cast(Json, self.api.post(f"/Subclient/{number}", {"subClientProperties": properties})["response"][0])

    def content(self, number: int | None = None) -> list[str]:
        row = self.api.get(f"/Subclient/{number or self.ids['subclientId']}")["subClientProperties"][0]
        return [entry["mssqlDbContent"]["databaseName"] for entry in row["content"]]

    def done(self, reply: Json) -> Json:
        """The summary of the job that a reply names, once it has ended."""
        assert reply.get("jobIds"), reply
        self.api.advance(20)
        return t.cast(Json, self.api.get(f"/Job/{reply['jobIds'][0]}")["jobs"][0]["jobSummary"])

    def backup(self, level: str = "Full", number: int | None = None) -> Json:
        return self.done(self.api.post(f"/Subclient/{number or self.ids['subclientId']}/action/backup?backupLevel={level}"))

    def reason(self, job: Json) -> str:
        """Why a job did not end well."""
        return str(self.api.post("/JobDetails", {"jobId": job["jobId"]})["job"]["jobDetail"]["progressInfo"]["reasonForJobDelay"])

    def live(self, database: str = SALES, instance: str = PROD) -> Json:
        """A database as it is now; {} when there is none."""
        rows = self.api.control("GET", "sql")["instances"]
        found = next(row for row in rows if row["instance"] == instance)
        return next((row for row in found["databases"] if row["name"] == database), {})

    def act(self, action: str, database: str = SALES, **more: t.Any) -> Json:
        body = {"client": "acme-sql01", "instance": PROD, "database": database, "action": action, **more}
        return t.cast(Json, self.api.control("POST", "sql", body))

    def change(self, **row: t.Any) -> float:
        """Write a row into Sales; answers a moment after it, and before anything else happens."""
        self.act("change", set=[row])
        self.api.advance(10)
        return self.sim.clock.now() - 5

    def edit(self, database: str, edit: t.Callable[[Json], None]) -> None:
        """Work on a live database's file."""
        path = pathlib.Path(self.live(database)["path"])
        content = json.loads(path.read_text(encoding="utf-8"))
        edit(content)
        path.write_text(json.dumps(content), encoding="utf-8")

    def task(self, *databases: str, destination: Json | None = None, browse: Json | None = None, **more: t.Any) -> Json:
        """POST /CreateTask for a restore of databases of acme's instance."""
        option = {"sqlRestoreType": "DATABASE_RESTORE", "sqlRecoverType": "STATE_RECOVER", "database": list(databases), **more}
        options: Json = {"sqlServerRstOption": option, "commonOptions": {"revert": False}, "browseOption": browse or {}}
        options |= {"destination": destination} if destination else {}
        options |= {"fileOption": option.pop("fileOption")} if "fileOption" in option else {}
        entity = {"clientName": "acme-sql01", "appName": "SQL Server", "instanceName": PROD, "backupsetName": "defaultBackupSet"}
        steps = [{"subTask": {"subTaskType": 3, "operationType": 1001}, "options": {"restoreOptions": options}}]
        task = {"associations": [entity], "task": {"taskType": 1, "initiatedFrom": 1}, "subTasks": steps}
        return t.cast(Json, self.api.post("/CreateTask", {"taskInfo": task}))

    def restore(self, *databases: str, **more: t.Any) -> Json:
        return self.done(self.task(*databases, **more))


def content(*databases: str) -> list[Json]:
    return [{"mssqlDbContent": {"databaseName": name}} for name in databases]


def device(source: str, target: str, logical: str, physical: str) -> str:
    return "|" + "|#12!".join((source, target, logical, physical, f"D:\\SQL\\Data\\{logical}"))


CHAIN = {"clientname": "acme-sql01", "agent": "SQL Server", "instanceName": PROD}


@pytest.fixture
def sql(api: Api, sim: Simulator) -> Sql:
    return Sql(api, sim)
