# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files inside VMs, and what VM backups keep of them.

``C:\\Data\\x`` in a VM is ``<state>/guests/<instance UUID>/C/Data/x``, and ``/etc/hosts`` is ``R/etc/hosts`` there; letters count alike
in names, also under Linux. The directory is made at the VM's first backup from the
``guest_files`` of the scenario, and at a restore from what was kept; files in it may be changed while the sandbox runs.
"""

from __future__ import annotations

import typing as t

from commvaultsim.files import filesystem
from commvaultsim.files.browse import Item
from commvaultsim.files.drives import Drives
from commvaultsim.files.store import Owner
from commvaultsim.files.wildcards import join, split
from commvaultsim.state import model as m
from commvaultsim.state.simulator import Simulator
from commvaultsim.wire import faults

NO_COLON = "guest_paths_without_colon"
faults.KNOWN[NO_COLON] = "dialect: paths inside VMs are browsed, and restored by, without the colon of the drive"
ROOT = "R:"
"""Stands for the top of a guest without drives."""
USER = "Administrator"
"""Who may write into a guest without an agent, with the password of the VM's vCenter."""


def drives(sim: Simulator) -> Drives:
    """The drives of all guests; a VM's instance UUID stands where a client's name would."""
    return Drives(sim.state_dir / "guests")


def keep(sim: Simulator, job_id: int, client: m.Client, level: str, time: int) -> None:
    """Keep what the guest of a VM holds now; ``client`` is the VM's own. Shown when the job has ended well."""
    side, guid = drives(sim), client.props["guid"]
    if not side.client_directory(guid).exists():
        _fill(sim, side, guid, client.props["vm_name"])
    kind = "Full" if level == "FULL" else "Incremental"
    filesystem.side(sim).store.backup(job_id, _owner(client), kind, time, list(side.scan(guid)), complete=False)


def consolidate(sim: Simulator, job_id: int, client: m.Client, time: int) -> None:
    """A synthetic full reads no guest: it holds what the backups before it do."""
    filesystem.side(sim).store.rewrite(job_id, _owner(client), time)


def _owner(client: m.Client) -> Owner:
    return Owner(client.id, client.name, client.props["backupset_id"], client.props["subclient_id"])


def _fill(sim: Simulator, side: Drives, guid: str, name: str) -> None:
    machines = [vm for vcenter in sim.scenario.get("vcenters") or [] for vm in vcenter.get("vms") or [] if vm["name"] == name]
    files = [item for vm in machines[:1] for item in vm.get("guest_files") or []]
    by_drive: dict[str, dict[str, t.Any]] = {}
    for item in files:
        drive, *levels = split(location(str(item["path"])))
        by_drive.setdefault(drive[0], {"files": []})["files"].append({**item, "path": "/".join(levels)})
    side.fill([{"name": guid, "drives": by_drive}])


def ended(sim: Simulator, job_id: int, well: bool) -> None:
    """Show what a VM's job kept, or forget it."""
    store = filesystem.side(sim).store
    if well:
        store.complete(job_id)
    elif job_id in store.manifests:
        store.drop([job_id])


def image(sim: Simulator, backup: m.VmBackup) -> dict[str, Item]:
    """All that the guest held when a backup was made, by the filed spelling of its path."""
    store = filesystem.side(sim).store
    kept = store.manifests.get(backup.job_id)
    if kept is None:
        return {}
    subclient = kept.owner.subclient_id
    return {name: Item(entry, subclient) for name, entry in store.image(subclient, at_job=backup.job_id).items()}


def put_back(sim: Simulator, backup: m.VmBackup, guid: str) -> None:
    """A VM that was restored as a whole holds what was kept, and nothing else."""
    side, store = drives(sim), filesystem.side(sim).store
    side.clear(guid)
    for item in image(sim, backup).values():
        entry = item.entry
        letter = split(entry.path)[0][0]
        (side.client_directory(guid) / letter.upper()).mkdir(parents=True, exist_ok=True)
        if entry.is_dir:
            side.make_directory(guid, entry.path)
        else:
            side.write(guid, entry.path, store.blocks(entry), entry.mtime_ns)


def location(path: str) -> str:
    """Where a path of a guest lies: ``C:\\x`` as it is, also without the colon; ``/etc/x`` below what stands for the top."""
    levels = split(path)
    if not levels or len(levels[0].rstrip(":")) > 1:
        return join([ROOT, *levels])
    return join([f"{levels[0][0]}:", *levels[1:]])


def below(items: dict[str, Item], path: str) -> str:
    """The same for a path that is browsed, of which the top may be that of a guest with drives."""
    drives_there = {split(item.entry.path)[0] for item in items.values()}
    return location(path) if split(path) or drives_there == {ROOT} else path


def shown(sim: Simulator, guid: str, path: str) -> str:
    """A place in a guest as the index calls it: ``\\<GUID>\\C:\\Data``, ``\\<GUID>\\etc``."""
    drive, *levels = split(path)
    top = [] if drive == ROOT else [drive[0] if sim.faults.peek(NO_COLON) else drive]
    return "\\" + join([guid, *top, *levels])


def find(sim: Simulator, backup: m.VmBackup, item: str) -> str | None:
    """The place in the guest that an item to restore means, if it is written as the index calls it."""
    guid, *levels = split(item)
    if guid.lower() != backup.guid.lower() or not levels:
        return None
    place = location(join(levels))
    return place if shown(sim, guid, place) == "\\" + join([guid, *levels]) else None
