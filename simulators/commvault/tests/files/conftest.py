# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator with file servers of two companies, and what the tests of files do over and over."""

from __future__ import annotations

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
SCENARIO: Json = {
    "regions": [{"name": "luxembourg", "city": "Luxembourg", "country": "Luxembourg"}],
    "file_servers": [
        {
            "name": "acme-fs01",
            "drives": {
                "D": {
                    "files": [
                        {"path": "Data/Budget 2026.xlsx", "size": 3142},
                        {"path": "Data/Köln/Übersicht.docx", "text": "Grüße"},
                        {"path": "Data/Temp/a.tmp", "text": "a"},
                        {"path": "Data/Temp/keep.tmp", "text": "keep"},
                        {"path": "Data/photo [100%].jpg", "size": 33},
                        {"path": "Other/x.txt", "text": "x"},
                        {"path": "pagefile.sys", "size": 64},
                    ]
                },
                "E": {"files": [{"path": "e.txt", "text": "e"}]},
            },
        },
        {"name": "boreal-fs01", "drives": {"D": {"files": [{"path": "b.txt", "text": "b"}]}}},
        {"name": "offline-fs01", "ready": False, "drives": {"D": {"files": []}}},
        {"name": "lux-restore-01", "drives": {"E": {"files": []}}},
    ],
}


@pytest.fixture
def sim(tmp_path: pathlib.Path) -> Simulator:
    simulator = Simulator(SimClock("manual"), job_seconds=10, state_dir=tmp_path)
    scenario.load(simulator, SCENARIO, "not-a-secret-in-a-test")
    simulator.companies[50] = m.Company(50, "Acme Sàrl", "acme")
    simulator.companies[51] = m.Company(51, "Boréal", "boreal")
    for name, company in (("acme-fs01", 50), ("boreal-fs01", 51)):
        client = simulator.client_by_name(name)
        assert client is not None
        client.company_id = company
        for row in simulator.subclients.values():
            row.company_id = company if row.client_id == client.id else row.company_id
    content = {"windowsIncludedPaths": ["E:\\"], "windowsExcludedPaths": ["*.bak"]}
    simulator.plans[60] = m.Plan(60, "gold", company_id=50, content=content)
    return simulator


class Files:
    """What the tests do over and over, in the API's words."""

    def __init__(self, api: Api, sim: Simulator) -> None:
        self.api, self.sim = api, sim
        self.ids = self.api.get("/GetId?clientname=acme-fs01&agent=File System&backupset=defaultBackupSet&subclient=default")

    def create(self, name: str = "data", *content: Json, **more: t.Any) -> int:
        entity = {"clientName": "acme-fs01", "appName": "File System", "backupsetName": "defaultBackupSet", "subclientName": name}
        body = {"subClientEntity": entity, "contentOperationType": "ADD", "content": list(content or [{"path": "D:\\Data"}])}
        reply = self.api.post("/Subclient", {"subClientProperties": {**body, "planEntity": {"planName": "gold"}, **more}})
        return int(reply["response"]["entity"]["subclientId"])

    def detail(self, number: int) -> Json:
        return t.cast(Json, self.api.get(f"/Subclient/{number}")["subClientProperties"][0])

    def update(self, number: int, **properties: t.Any) -> Json:
        return t.cast(Json, self.api.post(f"/Subclient/{number}", {"subClientProperties": properties})["response"][0])

    def content(self, number: int) -> list[Json]:
        return t.cast("list[Json]", self.detail(number)["content"])

    def backup(self, number: int, level: str = "Full") -> Json:
        reply = self.api.post(f"/Subclient/{number}/action/backup?backupLevel={level}")
        return self.finish(reply["jobIds"][0])

    def finish(self, job: str) -> Json:
        self.api.advance(20)
        return t.cast(Json, self.api.get(f"/Job/{job}")["jobs"][0]["jobSummary"])

    def browse(self, path: str = "\\", number: int = 0, operation: int = 0, **more: t.Any) -> Json:
        entity = {key: self.ids[key] for key in ("clientId", "applicationId", "instanceId", "backupsetId")} | {"subclientId": number}
        paging = {"firstNode": 0, "pageSize": more.pop("page_size", 1000), "skipNode": more.pop("skip", 0)}
        sort = {"ascending": True, "sortBy": [38, 0]}
        queries = [
            {"type": 0, "queryId": "dataQuery", "dataParam": {"sortParam": sort, "paging": paging}, "whereClause": more.pop("where", [])},
            {"type": 1, "queryId": "countQuery", "aggrParam": {"field": 0, "aggrType": 4}},
        ]
        body = {"opType": operation, "mode": {"mode": 2}, "paths": [{"path": path}], "entity": entity, "queries": queries, **more}
        return t.cast(Json, self.api.post("/DoBrowse", body))

    def names(self, *args: t.Any, **more: t.Any) -> list[str]:
        found = self.browse(*args, **more)["browseResponses"][0]["browseResult"].get("dataResultSet") or []
        return [row["path"] for row in found]

    def restore(self, sources: list[str], destination: Json, operation: int = 1001, **options: t.Any) -> Json:
        entity = {"clientName": "acme-fs01", "appName": "File System", "backupsetName": "defaultBackupSet"}
        restore = {"destination": destination, "fileOption": {"sourceItem": sources}, **options}
        step = {"subTaskOperation": 1, "subTask": {"subTaskType": 3, "operationType": operation}, "options": {"restoreOptions": restore}}
        task = {"associations": [entity], "task": {"taskType": 1, "initiatedFrom": 2}, "subTasks": [step]}
        return t.cast(Json, self.api.post("/CreateTask", {"taskInfo": task}))

    def drive(self, client: str, path: str) -> pathlib.Path:
        return self.sim.drives / client / path


@pytest.fixture
def files(api: Api, sim: Simulator) -> Files:
    return Files(api, sim)
