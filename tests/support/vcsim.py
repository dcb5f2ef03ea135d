# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One vCenter (vcsim) alone, for tests that need no Commvault beside it."""

from __future__ import annotations

import contextlib
import json
import os
import ssl
import time
import typing as t
import urllib.request
from pathlib import Path

from pyVim.connect import Disconnect, SmartConnect

from commvaultsim.sandbox import DEFAULT_SCENARIO, VCENTER_USER, vcsim_program
from commvaultsim.sandbox.processes import Service
from commvaultsim.sandbox.tls import make_certificates, make_password

START_SECONDS = 120.0


class Vcsim:
    """A vCenter of a scenario, running while it is entered. options: module options that reach it (doc fragment vcenter)."""

    def __init__(self, folder: Path, vcenter: str, *arguments: str, scenario: Path = DEFAULT_SCENARIO) -> None:
        self.folder = folder
        self.vcenter = vcenter
        self.scenario = scenario
        self._arguments = arguments
        self._service = Service(folder, f"vcsim-{vcenter}")
        self.options: dict[str, t.Any] = {}

    def __enter__(self) -> Vcsim:
        folder = self.folder
        make_certificates(folder / "tls")
        make_password(folder / "password")
        ready = folder / "ready.json"
        command: list[str | Path] = [vcsim_program(), "-scenario", self.scenario, "-vcenter", self.vcenter, "-data-dir", folder / "data"]
        command += ["-certfile", folder / "tls" / "server.pem", "-keyfile", folder / "tls" / "server.key"]
        command += ["-username", VCENTER_USER, "-password-file", folder / "password", "-ready-file", ready, *self._arguments]
        self._service.start(command, os.environ)
        try:
            answer = self._service.wait_for(ready, time.monotonic() + START_SECONDS)
        except BaseException:
            self._service.stop()
            raise
        self.options = {
            "hostname": answer["hostname"],
            "port": answer["port"],
            "username": VCENTER_USER,
            "password": (folder / "password").read_text(encoding="utf-8"),
            "ca_path": str(folder / "tls" / "ca.pem"),
        }
        return self

    def __exit__(self, *_exception: object) -> None:
        self._service.stop()

    def calls(self) -> dict[str, int]:
        """Calls by method since the last time this was asked."""
        counts: dict[str, int] = json.loads(self._request("GET"))
        self._request("DELETE")
        return counts

    def refuse(self, *names: str) -> None:
        """Refuse the calls of these names from now on, with NoPermission; without any, none."""
        self._request("PUT", json.dumps(names).encode())

    def tell(self, **objects: dict[str, t.Any]) -> None:
        """See tell()."""
        tell(self.options, **objects)

    def _request(self, method: str, body: bytes | None = None) -> bytes:
        return request(self.options, method, "calls", body)


def tell(options: t.Mapping[str, t.Any], **objects: dict[str, t.Any]) -> None:
    """Tell clients of these objects, by name, something else than the truth from now on (simulators/vcenter/README.md).

    options: as the modules take them.
    """
    request(options, "PUT", "answers", json.dumps(objects).encode())


def request(
    options: t.Mapping[str, t.Any], method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> bytes:
    """One HTTP request to a simulated vCenter. options: as the modules take them."""
    url = f"https://{options['hostname']}:{options['port']}/{path}"
    trust = ssl.create_default_context(cafile=options["ca_path"])
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust))
    with opener.open(urllib.request.Request(url, method=method, data=body, headers=headers or {}), timeout=30) as answer:
        answered: bytes = answer.read()
    return answered


@contextlib.contextmanager
def content_of(options: t.Mapping[str, t.Any]) -> t.Iterator[t.Any]:
    """A session of pyVmomi's own, to change a vCenter as its owners do. options: as the modules take them."""
    trust = ssl.create_default_context(cafile=options["ca_path"])
    login = {"user": options["username"], "pwd": options["password"], "sslContext": trust}
    instance = SmartConnect(host=options["hostname"], port=options["port"], **login)
    try:
        yield instance.content
    finally:
        Disconnect(instance)
