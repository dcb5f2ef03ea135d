# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The views of file backups: what a backup set or subclient held, as a tree that can be browsed, searched and restored from."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from commvaultsim import filesystem
from commvaultsim.manifest import Entry, key
from commvaultsim.simulator import Simulator
from commvaultsim.wildcards import compile_pattern, join, split

EVERYTHING_BELOW = re.compile(r"(?:^|\\)\*\*(?:\\\*)?$")
WILD = re.compile(r"[*?\[]")


@dataclasses.dataclass(frozen=True)
class View:
    """What is looked at. Times are epoch seconds, 0 = open; ``job_id`` limits the view to what one job wrote."""

    backupset_id: int
    subclient_id: int = 0
    since: int = 0
    until: int = 0
    job_id: int = 0
    deleted: bool = False


@dataclasses.dataclass(frozen=True)
class Item:
    """An entry with the subclient that kept it."""

    entry: Entry
    subclient_id: int
    version: int = 1


class NothingKept(Exception):
    """No backup falls into the view."""


def subclient_ids(sim: Simulator, view: View) -> list[int]:
    """The subclients of a view. Those that were deleted keep their backups until these age."""
    kept = {job.owner.subclient_id for job in filesystem.side(sim).store.manifests.values() if job.owner.backupset_id == view.backupset_id}
    return sorted(kept & {view.subclient_id} if view.subclient_id else kept)


def collect(sim: Simulator, view: View) -> dict[str, Item]:
    """All items of a view by their filed spelling; where two subclients hold a path, the later backup is shown.

    :raises NothingKept: there is no backup in the view, which is not the same as an empty directory.
    """
    store, found, any_backup = filesystem.side(sim).store, t.cast("dict[str, Item]", {}), False
    for subclient_id in subclient_ids(sim, view):
        if view.job_id:
            manifest = next((job for job in store.jobs_of(subclient_id) if job.job_id == view.job_id), None)
            any_backup = any_backup or manifest is not None
            image = dict(manifest.entries) if manifest else {}
        else:
            any_backup = any_backup or bool(store.chain(subclient_id, view.until))
            image = store.image(subclient_id, view.until)
            if view.deleted:
                image = store.deleted(subclient_id, view.since, view.until) | image
        for name, entry in image.items():
            if view.since and entry.backup_time < view.since and not entry.deleted_at:
                continue
            if name not in found or entry.backup_time >= found[name].entry.backup_time:
                found[name] = Item(entry, subclient_id)
    if not any_backup:
        raise NothingKept
    return found


def _directory(path: str, below: list[Item]) -> Item:
    """A directory that no job wrote as such (the content began below it), shown with the figures of what it holds."""
    latest = max(below, key=lambda item: (item.entry.backup_time, item.entry.backup_job, item.entry.path))
    entry = Entry(path, 0, latest.entry.mtime_ns, "", "", True, latest.entry.backup_job, latest.entry.backup_time)
    gone = all(item.entry.deleted_at for item in below)
    return Item(dataclasses.replace(entry, deleted_at=latest.entry.deleted_at if gone else 0), latest.subclient_id)


def children(items: dict[str, Item], path: str) -> list[Item]:
    """One level below a path (``\\`` = the drives), directories that are only implied included."""
    base = [level.lower() for level in split(path)]
    own: dict[str, Item] = {}
    below: dict[str, list[Item]] = {}
    for item in items.values():
        levels = split(item.entry.path)
        if len(levels) <= len(base) or [level.lower() for level in levels[: len(base)]] != base:
            continue
        child = join(levels[: len(base) + 1])
        if len(levels) == len(base) + 1:
            own[key(child)] = item
        else:
            below.setdefault(key(child), []).append(item)
    for name, group in below.items():
        if name not in own:
            levels = split(group[0].entry.path)
            own[name] = _directory(join(levels[: len(base) + 1]), group)
    return list(own.values())


def with_directories(items: dict[str, Item]) -> dict[str, Item]:
    """The items and every directory above them, drives included."""
    complete = dict(items)
    below: dict[str, list[Item]] = {}
    for item in items.values():
        levels = split(item.entry.path)
        for depth in range(1, len(levels)):
            below.setdefault(key(join(levels[:depth])), []).append(item)
    for name, group in below.items():
        if name not in complete:
            complete[name] = _directory(join(split(group[0].entry.path)[: len(split(name))]), group)
    return complete


def search(items: dict[str, Item], path: str) -> list[Item]:
    """Everything below a path, or what a pattern such as ``D:\\**\\*.xlsx`` names (opType 1)."""
    complete = with_directories(items)
    text = path.replace("/", "\\")
    base = EVERYTHING_BELOW.sub("", text) if EVERYTHING_BELOW.search(text) else text
    if key(base) in complete or not WILD.search(base):
        prefix = [level.lower() for level in split(base)]
        inside = [item for item in complete.values() if _below(item, prefix)]
        return inside or [item for item in complete.values() if key(item.entry.path) == key(base)]
    pattern = compile_pattern(text.lstrip("\\") if not text.startswith("\\\\") else text)
    return [item for item in complete.values() if pattern.matches(item.entry.path, item.entry.is_dir)]


def _below(item: Item, prefix: list[str]) -> bool:
    levels = [level.lower() for level in split(item.entry.path)]
    return len(levels) > len(prefix) and levels[: len(prefix)] == prefix


def pick(items: dict[str, Item], source: str) -> list[Item]:
    """What a restore takes for one source item: the file, the directory and all below it, or what a pattern names.

    A name that exists is taken literally even if it holds wildcard characters.
    """
    prefix = [level.lower() for level in split(source)]
    exact = [item for item in items.values() if key(item.entry.path) == key(source) or _below(item, prefix)]
    if exact or not WILD.search(source):
        return exact
    pattern = compile_pattern(source.replace("/", "\\").lstrip("\\"))
    return [item for item in items.values() if pattern.matches(item.entry.path, item.entry.is_dir)]


def versions(sim: Simulator, view: View, path: str) -> list[Item]:
    """All kept versions of a file, numbered from the oldest (opType 2)."""
    found: list[Item] = []
    for subclient_id in subclient_ids(sim, view):
        found += [Item(entry, subclient_id) for entry in filesystem.side(sim).store.versions(subclient_id, path, view.until)]
    found.sort(key=lambda item: (item.entry.backup_time, item.entry.backup_job))
    return [dataclasses.replace(item, version=number) for number, item in enumerate(found, 1)]
