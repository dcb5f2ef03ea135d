# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The request of a push install (cvpysdk deployment/install.py; the plan as the Command Center adds it to a file server)."""

from __future__ import annotations

import base64
import dataclasses
import typing as t

from ..._core.errors import InputError
from ..wire.replies import listed, number

Row = dict[str, t.Any]

AGENTS = {"file_system": (33, 29), "sql_server": (81,), "virtual_server": (106,)}
"""Application ids of an agent once it is installed; the first is the Windows one where they differ."""
PACKAGES = {
    "windows": {"file_system": (702, "File System"), "sql_server": (353, "SQL Server"), "virtual_server": (713, "Virtual Server")},
    "unix": {"file_system": (1101, "File System"), "sql_server": (1212, "SQL Server"), "virtual_server": (1136, "Virtual Server")},
}
"""Package ids and names (cvpysdk deployment/deploymentconstants.py)."""
INSTALL = 4026
"""operationType of the task."""


@dataclasses.dataclass(frozen=True)
class Install:
    """What to install where, and as whom. plan_id: 0 for none. reboot: whether the host may be restarted for it."""

    host: str
    system: str
    types: tuple[str, ...]
    username: str
    password: str = dataclasses.field(repr=False)
    plan_id: int = 0
    reboot: bool = False

    def body(self, commserve: str) -> Row:
        """The body of POST /CreateTask. The password is in Base64, as the API wants it, which hides nothing.

        commserve: the name under which the host reaches the server that manages it.
        """
        option = {
            "installOSType": 0 if self.system == "windows" else 1,
            "discoveryType": 0,
            "reuseADCredentials": False,
            "clientDetails": [{"clientEntity": {"clientId": 0, "clientName": self.host, "commCellName": commserve}}],
            "clientAuthForJob": {"userName": self.username, "password": base64.b64encode(self.password.encode()).decode()},
            "installerOption": self._installer(commserve),
        }
        update: Row = {"rebootClient": self.reboot, **({"plan": {"planId": self.plan_id}} if self.plan_id else {})}
        sub_task = {
            "subTask": {"subTaskType": 1, "operationType": INSTALL},
            "options": {"adminOpts": {"clientInstallOption": option, "updateOption": update}},
        }
        task = {"taskType": 1, "initiatedFrom": 1, "taskFlags": {"disabled": False}}
        return {"taskInfo": {"associations": [{"commCellId": 2}], "task": task, "subTasks": [sub_task]}}

    def _installer(self, commserve: str) -> Row:
        components = [
            {"osType": "Windows" if self.system == "windows" else "Unix", "ComponentId": package(self.system, name)["id"]}
            for name in self.types
        ]
        return {
            "requestType": 0,
            "Operationtype": 0,
            "CommServeHostName": commserve,
            "RemoteClient": False,
            "installFlags": {
                "allowMultipleInstances": False,
                "restoreOnlyAgents": False,
                "killBrowserProcesses": False,
                "disableOSFirewall": False,
                "addToFirewallExclusion": True,
                "ignoreJobsRunning": False,
                "forceReboot": False,
                "overrideClientInfo": True,
                "preferredIPFamily": 1,
                "firewallInstall": {"enableFirewallConfig": False, "firewallConnectionType": 0, "portNumber": 0},
            },
            "clientComposition": [
                {
                    "activateClient": True,
                    "overrideSoftwareCache": False,
                    "packageDeliveryOption": 0,
                    "components": {"commonInfo": {"globalFilters": 2}, "componentInfo": components},
                    "clientInfo": {"client": {"evmgrcPort": 0, "cvdPort": 0, "installDirectory": ""}, "clientProps": {}},
                }
            ],
        }


def package(system: str, agent: str) -> Row:
    """Id and name of the package that brings an agent."""
    package_id, name = PACKAGES[system][agent]
    return {"id": package_id, "name": name}


def installed(row: Row) -> list[str]:
    """The agents in a row of GET /V4/Servers, in the words of the modules; those that they do not speak of are left out."""
    numbers = {number(agent, "id") for agent in listed(row.get("agents"))}
    return [name for name, ids in AGENTS.items() if numbers & set(ids)]


def credentials(label: str, username: str | None, password: str | None) -> tuple[str, str]:
    """The account of an install, which has to be given once there is something to install."""
    if not username or not password:
        raise InputError(f"{label} has something to install: give host_username and host_password.", object=label)
    return username, password
