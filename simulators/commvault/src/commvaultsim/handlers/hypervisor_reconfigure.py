# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A retired hypervisor is put back into use. api-virtualization-jobs 1.5; OpenAPI ReConfigureHypervisor."""

from __future__ import annotations

from commvaultsim.handlers import hypervisors
from commvaultsim.replies import generic
from commvaultsim.routing import Reply, Request, route
from commvaultsim.simulator import Simulator


@route("POST", "/V4/Hypervisor/{id:int}/Reconfigure")
def reconfigure(sim: Simulator, request: Request) -> Reply:
    """Its VM groups and backups are there as before; backups may run again."""
    client = hypervisors.find(sim, request, request.number("id"))
    client.props.pop("retired", None)
    client.enable_backup = True
    return generic()
