# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .collector import Collector
from .folder_mark import attribute_key, mark_of
from .inventory import find_folder, read_inventory

if t.TYPE_CHECKING:
    from .session import VCenter


def read_folders(vcenter: VCenter, path: str) -> list[dict[str, t.Any]]:
    """The VM folder at a path and all folders below it, by path: path below the datacenter's vm folder, managed object id, and mark.

    Calls: those of find_folder, two more than pages, and one each for the names, for the mark of the first and for how marks are kept.
    Raises NotFound for a folder that is not there.
    """
    collector = Collector(vcenter)
    top = find_folder(vcenter, collector, path)
    paths = ("name", "customValue")
    found = [*collector.of([top], vcenter.vim.Folder, paths), *collector.below(top, vcenter.vim.Folder, paths)]
    inventory = read_inventory(collector, [item.reference for item in found])
    key = attribute_key(vcenter)
    folders = [{"path": inventory.folder_path(item.reference), "moid": item.moid, "tenant": mark_of(item, key)} for item in found]
    return sorted(folders, key=lambda folder: str(folder["path"]))
