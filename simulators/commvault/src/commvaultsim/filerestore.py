# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores of files: what was asked for as a plan, and the job's effect, which writes real bytes to the destination's drives."""

from __future__ import annotations

import dataclasses
import typing as t

from commvaultsim import browse, faults, filesystem
from commvaultsim.browse import Item, NothingKept, View
from commvaultsim.drives import Drives
from commvaultsim.jobs import Job, JobFailure, JobPending, Outcome, note
from commvaultsim.manifest import Entry
from commvaultsim.simulator import Simulator
from commvaultsim.wildcards import join, split

Json = dict[str, t.Any]
ALWAYS, IF_NEWER, NEVER = "always", "if newer", "never"


@dataclasses.dataclass(frozen=True)
class Plan:
    """A restore as it was asked for. ``version`` 0 is the view's own; ``destination_path`` is empty in place."""

    view: View
    sources: tuple[str, ...]
    client_id: int
    destination_path: str = ""
    overwrite: str = IF_NEWER
    preserve_level: int = 1
    version: int = 0
    whole_job: bool = False
    data: bool = True
    validate_only: bool = False

    def items(self, sim: Simulator) -> dict[str, Item]:
        """What can be restored. Raises JobFailure if there is no backup at all."""
        try:
            return browse.collect(sim, self.view)
        except NothingKept:
            raise JobFailure("No backup was found in the given time range or job. There is nothing to restore.") from None

    def place(self, sim: Simulator) -> tuple[Drives, str]:
        """The drives to write to, and whose of them. Raises JobPending if the client cannot be reached."""
        client = sim.clients[self.client_id]
        if not client.ready:
            raise JobPending(client.ready_reason or f"The destination client [{client.name}] is not reachable.")
        return filesystem.side(sim).drives, client.name


@dataclasses.dataclass
class Tally:
    """What became of the files of a restore."""

    written: list[str] = dataclasses.field(default_factory=list)
    size: int = 0
    skipped: list[str] = dataclasses.field(default_factory=list)
    failed: list[tuple[str, str]] = dataclasses.field(default_factory=list)


def target(plan: Plan, source: str, path: str) -> str:
    """Where an item goes. ``preserve_level`` levels of the source item are rebuilt below the destination.

    With 1, ``D:\\Data\\Köln`` becomes ``<destination>\\Köln``; with 0 its contents lie directly in the destination; a drive
    becomes a directory of its letter.
    """
    if not plan.destination_path:
        return join(split(path))
    root, levels = split(source) if not browse.WILD.search(source) else split(path), split(path)
    kept = max(plan.preserve_level, 1 if len(levels) == len(root) else 0)
    start = max(len(root) - kept, 0)
    relative = [level.rstrip(":") if index == 0 else level for index, level in enumerate(levels)][start:]
    return join([*split(plan.destination_path), *relative])


def chosen(sim: Simulator, plan: Plan, tally: Tally) -> t.Iterator[tuple[Item, str]]:
    """Every item to restore with its place; a source of which nothing is kept is counted as failed."""
    items = plan.items(sim)
    taken: set[str] = set()
    for source in plan.sources if not plan.whole_job else ("\\",):
        found = browse.pick(items, source)
        if plan.version:
            found = [item for item in browse.versions(sim, plan.view, source) if item.version == plan.version]
        if not found:
            tally.failed.append((source, "The item was not found in the index of the backup."))
        for item in sorted(found, key=lambda item: item.entry.path):
            place = target(plan, source, item.entry.path)
            if place not in taken:
                taken.add(place)
                yield item, place


def effect(plan: Plan) -> t.Callable[[Simulator, Job], Outcome]:
    """The effect of a restore job."""

    def run(sim: Simulator, job: Job) -> Outcome:
        drives, owner = plan.place(sim)
        tally = Tally()
        for item, place in list(chosen(sim, plan, tally)):
            if tally.written and (fault := sim.faults.take("restore_fail", lambda p: faults.matches(p.get("match"), *job.names(sim)))):
                raise JobFailure(str(fault.params.get("reason", "The restore failed on request of the simulator.")))
            _restore(sim, plan, drives, owner, item.entry, place, tally)
        return outcome(sim, job, tally)

    return run


def _restore(sim: Simulator, plan: Plan, drives: Drives, owner: str, entry: Entry, place: str, tally: Tally) -> None:
    try:
        if entry.is_dir:
            if plan.data and not plan.validate_only and len(split(place)) > 1:
                drives.make_directory(owner, place)
            return
        there = drives.locate(owner, place)
        if there.exists() and (plan.overwrite == NEVER or (plan.overwrite == IF_NEWER and there.stat().st_mtime_ns >= entry.mtime_ns)):
            tally.skipped.append(place)
            return
        if plan.data and not plan.validate_only:
            drives.write(owner, place, _blocks(sim, entry), entry.mtime_ns)
        tally.written.append(place)
        tally.size += entry.size
    except OSError as error:
        tally.failed.append((place, error.strerror or str(error)))


def _blocks(sim: Simulator, entry: Entry) -> t.Iterator[bytes]:
    fault = sim.faults.take("corrupt_restore", lambda p: faults.matches(p.get("path"), entry.path))
    for block in filesystem.side(sim).store.blocks(entry):
        yield bytes(byte ^ 0xFF for byte in block[:64]) + block[64:] if fault else block


def outcome(sim: Simulator, job: Job, tally: Tally) -> Outcome:
    """How the job ends: failed if nothing was restored though something was to be."""
    for path, reason in tally.failed:
        note(sim, job, f"{path}: {reason}", 6)
    for path in tally.skipped:
        note(sim, job, f"{path}: skipped, the file on the destination is not older.", 0)
    reason = f"{len(tally.failed)} item(s) could not be restored. First: {tally.failed[0][0]}: {tally.failed[0][1]}" if tally.failed else ""
    if tally.failed and not tally.written and not tally.skipped:
        raise JobFailure(reason)
    result: Json = {
        "restored": tally.written,
        "skipped": tally.skipped,
        "failed": [{"path": path, "reason": text} for path, text in tally.failed],
    }
    status = "Completed w/ one or more errors" if tally.failed else "Completed"
    return Outcome(status, reason, len(tally.written), tally.size, tally.size, len(tally.failed), 0, result)
