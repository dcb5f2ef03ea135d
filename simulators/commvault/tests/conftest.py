# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulator on a manual clock behind a real loopback server, and a small client for it."""

from __future__ import annotations

import base64
import json
import pathlib
import typing as t

import pytest
import requests

from commvaultsim import scenario
from commvaultsim.sandbox import Sandbox
from commvaultsim.state.clock import SimClock
from commvaultsim.state.simulator import Simulator
from commvaultsim.web.server import serving

Json = dict[str, t.Any]
PASSWORD = "not-a-secret-in-a-test"
SCENARIO: Json = {
    "regions": [
        {"name": "luxembourg", "city": "Luxembourg", "country": "Luxembourg", "latitude": 49.61, "longitude": 6.13},
        {"name": "jersey", "city": "Saint Helier", "country": "Jersey", "latitude": 49.19, "longitude": -2.1},
    ],
    "storage_pools": [
        {"name": "lux-pool-01", "type": "disk", "region": "luxembourg", "encrypted": True, "capacity_mb": 1000, "media_agent": "lux-ma-01"},
        {
            "name": "lux-pool-plain",
            "type": "disk",
            "region": "luxembourg",
            "encrypted": False,
            "capacity_mb": 1000,
            "media_agent": "lux-ma-01",
        },
        {"name": "jer-cloud-01", "type": "cloud", "region": "jersey", "encrypted": True, "capacity_mb": 1000},
    ],
    "access_nodes": [{"name": "lux-an-01", "host_name": "lux-an-01.example.com", "region": "luxembourg"}],
    "file_servers": [{"name": "acme-fs01", "os": "windows", "region": "luxembourg", "ready": True, "drives": {"D": {"files": []}}}],
}


class Api:
    """Calls below one API root; ``json`` of the last reply is returned, ``last`` holds the whole reply."""

    def __init__(self, url: str, base: str = "/commandcenter/api") -> None:
        self.url = url
        self.base = base
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["Accept"] = "application/json"
        self.last: requests.Response | None = None

    def login(self, user: str = "admin", password: str = PASSWORD) -> Json:
        body = {"username": user, "password": base64.b64encode(password.encode()).decode()}
        reply = self.call("POST", "/Login", body)
        if reply.get("token"):
            self.session.headers["Authtoken"] = reply["token"]
        return t.cast(Json, reply)

    def call(self, method: str, path: str, body: t.Any = None, **options: t.Any) -> t.Any:
        self.last = self.session.request(method, self.url + self.base + path, json=body, timeout=30, **options)
        try:
            return self.last.json()
        except ValueError:
            return self.last.text

    def get(self, path: str, **options: t.Any) -> t.Any:
        return self.call("GET", path, **options)

    def post(self, path: str, body: t.Any = None, **options: t.Any) -> t.Any:
        return self.call("POST", path, {} if body is None else body, **options)

    def put(self, path: str, body: t.Any = None, **options: t.Any) -> t.Any:
        return self.call("PUT", path, {} if body is None else body, **options)

    def delete(self, path: str, **options: t.Any) -> t.Any:
        return self.call("DELETE", path, **options)

    def control(self, method: str, path: str, body: t.Any = None) -> t.Any:
        return self.session.request(method, f"{self.url}/_sim/{path}", json=body, timeout=30).json()

    def advance(self, seconds: float = 3600) -> None:
        self.control("POST", "clock", {"advance": seconds})


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Sandbox]:
    """A sandbox that all tests share: a test makes objects of its own and leaves those of the scenario as they are."""
    with Sandbox(tmp_path_factory.mktemp("sandbox"), job_seconds=1) as running:
        yield running


@pytest.fixture
def fresh_sandbox(tmp_path: pathlib.Path) -> t.Iterator[Sandbox]:
    """A sandbox for one test alone, with nothing but the scenario in it."""
    with Sandbox(tmp_path / "sandbox") as running:
        yield running


@pytest.fixture
def sim(tmp_path: pathlib.Path) -> Simulator:
    simulator = Simulator(SimClock("manual"), job_seconds=10, state_dir=tmp_path)
    scenario.load(simulator, SCENARIO, PASSWORD)
    return simulator


@pytest.fixture
def anonymous(sim: Simulator) -> t.Iterator[Api]:
    with serving(sim) as url:
        yield Api(url)


@pytest.fixture
def api(anonymous: Api) -> Api:
    anonymous.login()
    return anonymous


class VmWorld:
    """A simulator that knows the sandbox's vCenters, with a company, a plan and a hypervisor for Jersey in it."""

    def __init__(self, sim: Simulator, api: Api, vcenters: Json, password: str) -> None:
        self.sim = sim
        self.api = api
        self.address = f"{vcenters['vc-jer']['hostname']}:{vcenters['vc-jer']['port']}"
        self.username = vcenters["vc-jer"]["username"]
        self.password = password
        self.company = api.post("/V4/company", {"name": "Boréal Îles Ltd", "alias": "boreal"})["id"]
        api.session.headers["operatorCompanyId"] = str(self.company)
        destination = {"backupDestinationName": "Primary", "storagePool": {"name": "lux-pool-01"}}
        self.plan = api.post("/V4/ServerPlan", {"planName": "gold", "backupDestinations": [destination]})["plan"]["id"]
        self.hypervisor = self.add_hypervisor("boreal-vc")["response"]["hypervisorId"]

    def add_hypervisor(self, title: str, **changes: t.Any) -> t.Any:
        body = {
            "name": title,
            "hypervisorType": "VMW",
            "vcenterHostName": self.address,
            "userName": self.username,
            "password": self.password,
            "accessNodes": [{"name": "lux-an-01"}],
            "skipCredentialValidation": False,
        }
        return self.api.post("/V4/Hypervisor", body | changes)

    def add_group(self, name: str, *vms: str, **content: t.Any) -> int:
        picked = [{"type": "VM", "name": vm, "GUID": ""} for vm in vms]
        body = {"name": name, "Hypervisor": {"id": self.hypervisor}, "plan": {"id": self.plan}}
        reply = self.api.post("/V4/VMGroup", body | {"content": content or {"overwrite": True, "virtualMachines": picked}})
        return int(reply["subclientId"])

    def run(self, reply: Json) -> Json:
        """The summary of a started job after the clock has moved past its end."""
        self.api.advance(11)
        return t.cast(Json, self.api.get(f"/Job/{reply['jobIds'][0]}")["jobs"][0]["jobSummary"])

    def backup(self, group: int, level: str = "FULL") -> Json:
        return self.run(self.api.post(f"/V4/VmGroup/{group}/backup?backupLevel={level}"))

    def results(self, job: int) -> list[Json]:
        return t.cast("list[Json]", self.api.post("/JobDetails", {"jobId": job})["job"]["jobDetail"]["clientStatusInfo"]["vmStatus"])

    def backed_up(self, *names: str) -> dict[str, Json]:
        """Back up some VMs in full; what became of each, by name."""
        return {row["vmName"]: row for row in self.results(self.backup(self.add_group("some", *names))["jobId"])}


@pytest.fixture
def world(sim: Simulator, api: Api, sandbox: Sandbox) -> VmWorld:
    sim.vcenters_file = sandbox.state_dir / "vcenters.json"
    return VmWorld(sim, api, json.loads(sim.vcenters_file.read_text(encoding="utf-8")), sandbox.password("vcenter"))
