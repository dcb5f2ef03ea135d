# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each kind of agent offers to calls that serve them all, by application id (33 and 29 file systems, 106 virtual server, 81 SQL).

Generic calls (``POST /DoBrowse``, ``POST /CreateTask``, ``/Subclient...``) look here, so that a new application is one new file.
"""

from __future__ import annotations

import typing as t

from commvaultsim.state.job import Job
from commvaultsim.state.model import Client, Instance, Subclient
from commvaultsim.wire.routing import Reply, Request

if t.TYPE_CHECKING:
    from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]

#: POST /DoBrowse, by entity.applicationId: the whole reply.
BROWSERS: dict[int, t.Callable[[Simulator, Request], Reply | Json]] = {}

#: POST /CreateTask, by (operationType, applicationId of the first association). The dict is body["taskInfo"].
#: (2, application) backup, (1001, application) restore, (1005, application) restore by job; application 0 = any.
TASKS: dict[tuple[int, int], t.Callable[[Simulator, Request, Json], Reply | Json]] = {}

#: Called once with the scenario after companies, clients, pools and regions are loaded; makes an application's own rows.
LOADERS: list[t.Callable[[Simulator, Json], None]] = []


class Agent(t.NamedTuple):
    """How the agent of an application comes onto a client and leaves it."""

    #: From the scenario's description of the machine; answers the default subclients that it came with.
    install: t.Callable[[Simulator, Client, Json], list[Subclient]]
    #: Called when its rows were taken away.
    forget: t.Callable[[Simulator, Client], None] = lambda _sim, _client: None


AGENTS: dict[int, Agent] = {}


class Kept(t.NamedTuple):
    """What one application keeps of its backups."""

    #: Drops what jobs kept that have aged everywhere.
    drop: t.Callable[[Simulator, set[int]], None]
    #: The clients of which anything is kept.
    clients: t.Callable[[Simulator], set[int]]


KEPT: list[Kept] = []


class SubclientKind(t.Protocol):
    """How subclients of one application are shown and changed through the older /Subclient calls."""

    def row(self, sim: Simulator, subclient: Subclient) -> Json:
        """An element of GET /Subclient; the dispatcher adds subClientEntity and planEntity when they are missing."""

    def detail(self, sim: Simulator, subclient: Subclient) -> Json:
        """The element of GET /Subclient/{id}."""

    def create(self, sim: Simulator, request: Request) -> Reply | Json:
        """POST /Subclient."""

    def update(self, sim: Simulator, request: Request, subclient: Subclient) -> Reply | Json:
        """POST /Subclient/{id}; the whole body is in request.body."""

    def delete(self, sim: Simulator, request: Request, subclient: Subclient) -> Reply | Json:
        """DELETE /Subclient/{id}."""

    def backup(self, sim: Simulator, request: Request, subclient: Subclient, level: str) -> Job | Reply:
        """Start a backup job; level is FULL, INCREMENTAL, DIFFERENTIAL or SYNTHETIC_FULL. A Reply is a refusal."""


SUBCLIENTS: dict[int, SubclientKind] = {}

#: What an application adds to a row of GET /Instance, which has the entity, activity control and an empty plan already.
INSTANCES: dict[int, t.Callable[[Simulator, Request, Instance], Json]] = {}


def loader(function: t.Callable[[Simulator, Json], None]) -> t.Callable[[Simulator, Json], None]:
    """Decorator that registers a loader."""
    LOADERS.append(function)
    return function
