# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The vendor's SDK as a contract test uses it: logged in to a sandbox, and unmodified."""

from __future__ import annotations

import time
import typing as t

import pytest
from cvpysdk.commcell import Commcell

from commvaultsim.sandbox import Sandbox

POLL_SECONDS = 0.2


def login(sandbox: Sandbox, password: str | None = None) -> t.Any:
    """A session as the automation user; with another password, an attempt at one."""
    endpoint = sandbox.endpoints["commvault"]
    address = endpoint["url"].removeprefix("https://")
    return Commcell(address, endpoint["username"], password or sandbox.password("commvault"), certificate_path=str(sandbox.ca_path))


def impatient(patch: pytest.MonkeyPatch) -> None:
    """The SDK looks at a job every 30 seconds, one of the sandbox takes one: the clock of the test's process is hurried, not the SDK."""
    patch.setattr(time, "sleep", lambda _seconds, sleep=time.sleep: sleep(POLL_SECONDS))


def file_subclients(commcell: t.Any, client: str) -> t.Any:
    """The subclients of a file server's default backup set, read anew."""
    commcell.refresh()
    return commcell.clients.get(client).agents.get("File System").backupsets.get("defaultBackupSet").subclients


def vm_groups(commcell: t.Any, hypervisor: str) -> t.Any:
    """The subclients of a hypervisor's default backup set, read anew."""
    commcell.refresh()
    instance = commcell.clients.get(hypervisor).agents.get("Virtual Server").instances.get("VMware")
    return instance.backupsets.get("defaultBackupSet").subclients


def unmodelled(sandbox: Sandbox) -> list[str]:
    """What was asked since the journal was cleared that the simulator does not know."""
    return [f"{call['method']} {call['path']}" for call in sandbox.control("GET", "/journal")["requests"] if not call["modelled"]]
