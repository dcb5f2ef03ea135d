# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Whose a VM folder is: a mark that lies on the folder itself, so that it holds whatever an inventory says."""

from __future__ import annotations

import typing as t

from .._core.argspec import ArgumentSpec
from .._core.engine import Record, Resource, Seen
from .._core.errors import Refused
from .collector import Collector, Found, moid
from .inventory import Inventory, find_folder, to_inventory

if t.TYPE_CHECKING:
    from .session import VCenter

ATTRIBUTE = "calligo.baas.tenant"
"""The custom attribute of folders whose value is the alias of the tenant."""
READ = ("name", "parent", "customValue")

OPTIONS = ArgumentSpec(
    {
        "folder": {"type": "str", "required": True},
        "tenant": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    }
)


def attribute_key(vcenter: VCenter) -> int | None:
    """The key of the attribute; None where nobody has made it yet, so that nothing is marked."""
    manager = vcenter.content.customFieldsManager
    fields = manager.field or [] if manager is not None else []
    return next((int(field.key) for field in fields if field.name == ATTRIBUTE), None)


def mark_of(item: Found, key: int | None) -> str | None:
    """The alias on a folder that was read with customValue, None where there is none. Refused where vCenter does not tell."""
    if "customValue" in item.missing:
        raise Refused(
            f"vCenter does not tell the custom attributes of the folder {item.properties.get('name') or item.moid}, so that nobody knows "
            "whose it is. Let the user read them (Read-only, propagated)."
        )
    values = item.properties.get("customValue") or []
    return next((str(entry.value) for entry in values if entry.key == key and entry.value), None)


class FolderMark(Resource):
    """The mark of one folder: CustomFieldsManager.SetField of the vSphere API.

    A mark counts for all that lies below: a folder is refused to a tenant where it, one above or one below is marked for another.
    """

    def __init__(self, vcenter: VCenter, params: Record) -> None:
        self._vcenter = vcenter
        self._params = params

    def observe(self) -> Seen:
        """raw: the folder, and the key of the attribute."""
        collector = Collector(self._vcenter)
        folder = find_folder(self._vcenter, collector, self._params["folder"])
        key = attribute_key(self._vcenter)
        above = collector.with_ancestors([folder], READ)
        near = [*above, *collector.below(folder, self._vcenter.vim.Folder, READ)]
        inventory = to_inventory(near)
        marks = {item.moid: mark for item in near if (mark := mark_of(item, key))}
        if self._params["state"] == "present":
            self._guard(marks, near, inventory)
        mine = {
            "folder": inventory.folder_path(folder) or "",
            "moid": moid(folder),
            "above": sorted(item.moid for item in above if item.moid != moid(folder)),
        }
        own = marks.get(moid(folder))
        return Seen({**mine, "tenant": own} if own else None, (folder, key, mine))

    def _guard(self, marks: dict[str, str], near: list[Found], inventory: Inventory) -> None:
        places = {item.moid: item.reference for item in near}
        for place, owner in marks.items():
            if owner.casefold() != self._params["tenant"].casefold():
                raise Refused(
                    f'The folder "{self._params["folder"]}" is not the tenant {self._params["tenant"]}\'s: '
                    f'"{inventory.folder_path(places[place])}" is marked as that of {owner}. Give each tenant a folder of its own; '
                    f"where the mark is wrong, take it away with calligo.baas.vcenter_folder_mark, as {owner}'s.",
                    object=self._params["folder"],
                )

    def desired(self, seen: Seen) -> Record:
        return {**seen.raw[2], "tenant": seen.known.get("tenant") or self._params["tenant"]}

    def create(self, seen: Seen, desired: Record, _means: None) -> Record:
        folder, key, _mine = seen.raw
        if key is None:
            key = self._make_attribute()
        self._vcenter.content.customFieldsManager.SetField(entity=folder, key=key, value=desired["tenant"])
        return desired

    def _make_attribute(self) -> int:
        """Make the attribute. Runs for other tenants may do so at the same moment: then theirs is taken."""
        vim, manager = self._vcenter.vim, self._vcenter.content.customFieldsManager
        try:
            return int(manager.AddCustomFieldDef(name=ATTRIBUTE, moType=vim.Folder).key)
        except vim.fault.DuplicateName:
            key = attribute_key(self._vcenter)
            if key is None:
                raise
            return key

    def prepare_delete(self, seen: Seen) -> None:
        if seen.known["tenant"].casefold() != self._params["tenant"].casefold():
            raise Refused(
                f'The folder "{self._params["folder"]}" is marked as that of {seen.known["tenant"]}, not of {self._params["tenant"]}: '
                "its mark was left.",
                object=self._params["folder"],
            )

    def delete(self, seen: Seen, _means: None) -> None:
        folder, key, _mine = seen.raw
        self._vcenter.content.customFieldsManager.SetField(entity=folder, key=key, value="")
