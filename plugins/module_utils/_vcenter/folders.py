# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .collector import Collector, moid
from .inventory import find_folder, read_inventory

if t.TYPE_CHECKING:
    from .session import VCenter


def read_folders(vcenter: VCenter, path: str) -> list[dict[str, t.Any]]:
    """The VM folder at a path and all folders below it, by path: path below the datacenter's vm folder, and managed object id.

    Calls: those of find_folder, two more than pages, and one for the names. Raises NotFound for a folder that is not there.
    """
    collector = Collector(vcenter)
    top = find_folder(vcenter, collector, path)
    below = [item.reference for item in collector.below(top, vcenter.vim.Folder, ("name",))]
    inventory = read_inventory(collector, [top, *below])
    folders = [{"path": inventory.folder_path(folder), "moid": moid(folder)} for folder in (top, *below)]
    return sorted(folders, key=lambda folder: str(folder["path"]))
