# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sandbox: one vcsim per vCenter of a scenario and one Commvault simulator, on free loopback ports, with TLS.

As a program: ``commvaultsim up|down|status --dir DIR``. In tests: ``with Sandbox(folder, scenario) as sandbox: ...``.

The state directory holds ``endpoints.json`` (addresses and user names), ``tls/``, ``secrets/``, ``drives/`` (the directories that
stand for the clients' drives), ``guests/`` (for those of VMs), ``store/``, ``logs/``, ``pids/`` and ``evidence/`` (where the demo
inventory has it written).
A start begins with an empty platform, and without what the last one left here.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import sys
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from commvaultsim.sandbox.processes import SandboxError, Service
from commvaultsim.sandbox.tls import make_certificates, make_password

DEFAULT_SCENARIO = Path(__file__).parents[1] / "scenario" / "demo.yml"
COMMVAULT_USER = "baas-automation"
VCENTER_USER = "svc-baas@vsphere.local"
START_SECONDS = 60.0
CONTROL_SECONDS = 30.0

MARKER = ".calligo-baas-sandbox"
OWN_FOLDERS = ("tls", "secrets", "drives", "guests", "store", "logs", "pids", "evidence", "tickets")


def vcsim_program() -> Path:
    """The vCenter simulator: the file that BAAS_VCSIM names, else the one beside the Python that runs this."""
    return Path(os.environ.get("BAAS_VCSIM") or Path(sys.executable).with_name("vcsim"))


class Sandbox:
    """The simulators of one scenario, in one state directory.

    :param state_dir: made if missing; emptied at a start.
    :param scenario: what the vCenters and the Commvault are filled with; the demo's by default.
    :param job_seconds: how long a simulated job works, on the simulator's clock.
    :param clock: ``real`` (the wall clock) or ``manual`` (moves by ``POST /_sim/clock`` only).
    """

    def __init__(
        self, state_dir: Path | str, scenario: Path | str = DEFAULT_SCENARIO, *, job_seconds: float = 2, clock: str = "real"
    ) -> None:
        self.state_dir = Path(state_dir).resolve()
        self.scenario = Path(scenario).resolve()
        self.job_seconds = job_seconds
        self.clock = clock
        self._services: dict[str, Service] = {}

    def __enter__(self) -> Sandbox:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    @property
    def endpoints(self) -> dict[str, t.Any]:
        """Addresses, user names and places, as in ``endpoints.json``."""
        try:
            found: dict[str, t.Any] = json.loads((self.state_dir / "endpoints.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise SandboxError(f"No sandbox is up in {self.state_dir}.") from error
        return found

    @property
    def commvault_url(self) -> str:
        """Scheme, host and port of the Commvault simulator."""
        return str(self.endpoints["commvault"]["url"])

    @property
    def ca_path(self) -> Path:
        """The certificate authority that signed both servers' certificates."""
        return self.state_dir / "tls" / "ca.pem"

    def password(self, product: str) -> str:
        """The automation user's password.

        :param product: ``commvault`` or ``vcenter``.
        """
        return (self.state_dir / "secrets" / f"{product}_password").read_text(encoding="utf-8").strip()

    def control(self, method: str, path: str, body: t.Any = None) -> dict[str, t.Any]:
        """Call the control surface of the Commvault simulator, for instance ``control("POST", "/faults", {...})``."""
        url = f"{self.commvault_url}/_sim/{path.removeprefix('/_sim').lstrip('/')}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
        context = ssl.create_default_context(cafile=str(self.ca_path))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
        try:
            with opener.open(request, timeout=CONTROL_SECONDS) as response:
                answer: dict[str, t.Any] = json.load(response)
        except urllib.error.HTTPError as error:
            raise SandboxError(f"{method} {url}: {error.code} {error.read().decode(errors='replace')}") from error
        except OSError as error:
            raise SandboxError(f"{method} {url}: {error}") from error
        return answer

    def running(self) -> bool:
        """Whether every server of the sandbox runs and the Commvault simulator answers."""
        names = [*self._service_names(), "commvault"]
        if not all(self._service(name).pid() for name in names):
            return False
        try:
            self.control("GET", "/health")
        except SandboxError:
            return False
        return True

    def start(self) -> None:
        """Start everything with an empty platform; what a failed start leaves running is stopped again."""
        self.stop()
        self._make_empty()
        try:
            make_certificates(self.state_dir / "tls")
            for product in ("commvault", "vcenter"):
                make_password(self.state_dir / "secrets" / f"{product}_password")
            deadline = time.monotonic() + START_SECONDS
            vcenters = self._start_vcenters(deadline)
            self._write("vcenters.json", vcenters)
            url = self._start_commvault(deadline)
            self._write("endpoints.json", self._described(url, vcenters))
            self.control("GET", "/health")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> int:
        """Stop whatever runs in the state directory, also if another process started it; return how many processes that were."""
        (self.state_dir / "endpoints.json").unlink(missing_ok=True)
        names = {file.stem for file in (self.state_dir / "pids").glob("*.pid")} | set(self._services)
        # The Commvault simulator first: its jobs talk to the vCenters.
        return sum(self._service(name).stop() for name in sorted(names))

    def _vcenter_names(self) -> list[str]:
        try:
            content = yaml.safe_load(self.scenario.read_text(encoding="utf-8"))
        except OSError as error:
            raise SandboxError(f"Cannot read the scenario {self.scenario}: {error.strerror}.") from error
        return [vcenter["name"] for vcenter in content.get("vcenters") or []]

    def _service_names(self) -> list[str]:
        return [f"vcsim-{name}" for name in self._vcenter_names()]

    def _service(self, name: str) -> Service:
        return self._services.setdefault(name, Service(self.state_dir, name))

    def _make_empty(self) -> None:
        """Remove what an earlier start left; only below a directory that is empty or known to be a sandbox."""
        self.state_dir.mkdir(parents=True, exist_ok=True)
        marker = self.state_dir / MARKER
        if any(self.state_dir.iterdir()) and not marker.exists():
            raise SandboxError(f"{self.state_dir} is neither empty nor a sandbox's state directory: name another one.")
        marker.touch()
        for name in OWN_FOLDERS:
            shutil.rmtree(self.state_dir / name, ignore_errors=True)
        for file in self.state_dir.glob("*.json"):
            file.unlink()
        # Nothing makes a directory of tickets by the way: one that is not mounted must not look like one without tickets.
        (self.state_dir / "tickets").mkdir()

    def _start_vcenters(self, deadline: float) -> dict[str, dict[str, t.Any]]:
        """Start one vcsim per vCenter, side by side; return how the Commvault simulator reaches them."""
        password_file = self.state_dir / "secrets" / "vcenter_password"
        ready = {name: self.state_dir / f"vcsim-{name}.json" for name in self._vcenter_names()}
        for name, ready_file in ready.items():
            command: list[str | Path] = [vcsim_program(), "-scenario", self.scenario, "-vcenter", name, "-listen", "127.0.0.1:0"]
            command += [*self._tls("-certfile", "-keyfile"), "-username", VCENTER_USER, "-password-file", password_file]
            self._service(f"vcsim-{name}").start([*command, "-ready-file", ready_file], os.environ)
        login_data = {"username": VCENTER_USER, "password_file": str(password_file), "ca_path": str(self.ca_path)}
        answers = {name: self._service(f"vcsim-{name}").wait_for(ready_file, deadline) for name, ready_file in ready.items()}
        return {name: {"hostname": answer["hostname"], "port": answer["port"], **login_data} for name, answer in answers.items()}

    def _start_commvault(self, deadline: float) -> str:
        """Start the Commvault simulator and return its URL."""
        command: list[str | Path] = [sys.executable, "-m", "commvaultsim", "serve", "--scenario", self.scenario]
        command += [
            "--state-dir",
            self.state_dir,
            "--port",
            "0",
            *self._tls("--certfile", "--keyfile"),
            "--endpoints-file",
            self.state_dir / "vcenters.json",
        ]
        command += ["--clock", self.clock, "--job-seconds", f"{self.job_seconds:g}"]
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        service = self._service("commvault")
        service.start(command, env)
        return str(service.wait_for(self.state_dir / "commvault.json", deadline)["url"])

    def _tls(self, certificate_option: str, key_option: str) -> list[str | Path]:
        folder = self.state_dir / "tls"
        return [certificate_option, folder / "server.pem", key_option, folder / "server.key"]

    def _described(self, url: str, vcenters: dict[str, dict[str, t.Any]]) -> dict[str, t.Any]:
        shown = {name: {key: data[key] for key in ("hostname", "port", "username")} for name, data in vcenters.items()}
        places = {"ca_path": str(self.ca_path), "drives": str(self.state_dir / "drives"), "state": str(self.state_dir)}
        return {"commvault": {"url": url, "username": COMMVAULT_USER}, "vcenters": shown, **places}

    def _write(self, name: str, content: t.Any) -> None:
        """Write a JSON file that is either absent or whole."""
        draft = self.state_dir / f"{name}.draft"
        draft.write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
        draft.replace(self.state_dir / name)
