# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the calls of the file system agent share: the store, the drives, and what a subclient protects."""

from __future__ import annotations

import dataclasses
import typing as t

from commvaultsim.files.drives import Drives
from commvaultsim.files.store import Owner, Store
from commvaultsim.files.wildcards import Selection, select
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire.replies import generic
from commvaultsim.wire.routing import Refusal, Request

Json = dict[str, t.Any]
APPLICATIONS = (m.FILE_SYSTEM_WINDOWS, m.FILE_SYSTEM_LINUX)
KINDS = ("path", "excludePath", "includePath")
WHOLE_MACHINE = {m.FILE_SYSTEM_WINDOWS: "\\", m.FILE_SYSTEM_LINUX: "/"}


@dataclasses.dataclass
class FileSide:
    """Lives in ``sim.store``. ``global_filters`` are the CommCell's exclusions by platform (GET /GlobalFilter)."""

    store: Store
    drives: Drives
    global_filters: dict[str, list[str]] = dataclasses.field(
        default_factory=lambda: {"windowsGlobalFilters": [], "unixGlobalFilters": [], "nasGlobalFilters": []}
    )


def side(sim: Simulator) -> FileSide:
    """The file side of a simulator; made on first use."""
    if sim.store is None:
        sim.store = FileSide(Store(sim.state_dir / "store"), Drives(sim.drives))
    return t.cast(FileSide, sim.store)


def is_file_system(subclient: m.Subclient) -> bool:
    """Whether a subclient belongs to a file system agent."""
    return subclient.application_id in APPLICATIONS


def owner_of(sim: Simulator, subclient: m.Subclient) -> Owner:
    """Whose backups a subclient's are."""
    return Owner(subclient.client_id, sim.clients[subclient.client_id].name, subclient.backupset_id, subclient.id)


def subclients_of(sim: Simulator, backupset_id: int) -> list[m.Subclient]:
    """The file system subclients of a backup set in the order of their ids."""
    return [sim.subclients[key] for key in sorted(sim.subclients) if sim.subclients[key].backupset_id == backupset_id]


def visible_client(sim: Simulator, request: Request, entity: Json) -> m.Client:
    """The client that an entity names, if the caller's company may see it.

    Another company's client is refused in the same words as one that does not exist.
    """
    client = sim.client_of(entity)
    if client is None or not sim.visible(request, client.company_id):
        raise Refusal(generic(2, f"Client [{entity.get('clientName') or entity.get('clientId') or ''}] does not exist.", status=200))
    return client


def plan_content(sim: Simulator, subclient: m.Subclient) -> list[Json]:
    """The content that a plan gives to the subclients that inherit it, as ``content`` entries; the whole machine by default."""
    plan = sim.plans.get(subclient.plan_id)
    content: Json = plan.content if plan else {}
    content = content.get("backupContent", content)
    prefix = "windows" if subclient.application_id == m.FILE_SYSTEM_WINDOWS else "unix"
    entries: list[Json] = []
    for kind, name in zip(KINDS, ("IncludedPaths", "ExcludedPaths", "FilterToExcludePaths"), strict=True):
        entries += [{kind: str(path)} for path in content.get(f"{prefix}{name}") or []]
    if not any("path" in entry for entry in entries):
        entries.insert(0, {"path": WHOLE_MACHINE[subclient.application_id]})
    return entries


def effective_content(sim: Simulator, subclient: m.Subclient) -> list[Json]:
    """What is in force: the subclient's own entries, or its plan's."""
    if subclient.props.get("useLocalContent", True) or not subclient.plan_id:
        return list(subclient.content)
    return plan_content(sim, subclient)


def texts(entries: t.Iterable[Json], kind: str) -> list[str]:
    """The entries of one kind: path, excludePath or includePath."""
    return [str(entry[kind]) for entry in entries if kind in entry]


def selection_of(sim: Simulator, subclient: m.Subclient) -> Selection:
    """The compiled selection: own filters, the CommCell's when the subclient uses them, and siblings' content for a catch-all."""
    entries = effective_content(sim, subclient)
    windows = subclient.application_id == m.FILE_SYSTEM_WINDOWS
    filters = texts(entries, "excludePath")
    if str(subclient.props.get("fsSubClientProp", {}).get("useGlobalFilters", 2)).upper() not in ("0", "OFF"):
        filters += side(sim).global_filters["windowsGlobalFilters" if windows else "unixGlobalFilters"]
    taken: list[str] = []
    if subclient.is_default:
        for other in subclients_of(sim, subclient.backupset_id):
            if other.id != subclient.id:
                taken += texts(effective_content(sim, other), "path")
    return select(texts(entries, "path"), filters, texts(entries, "includePath"), taken, windows)


def first_association(info: Json) -> Json:
    """The first association of a task; one element may come as an object."""
    found: t.Any = info.get("associations") or {}
    return t.cast(Json, found[0] if isinstance(found, list) else found)
