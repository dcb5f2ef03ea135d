# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from .._core.errors import NotFound
from .rest import is_text

if t.TYPE_CHECKING:
    from .rest import Json, Rest

Tag = dict[str, str]

CATEGORY = "cis/tagging/category"
TAG = "cis/tagging/tag"
ASSOCIATION = "cis/tagging/tag-association"
VM = "VirtualMachine"
MANY = 2000  # objects in one call: vCenter answers more of them, but not in any time


def read_tags(rest: Rest, moids: t.Sequence[str]) -> dict[str, list[Tag]]:
    """The tags of VMs by managed object id: name, category and id of each, by category and name.

    Calls: one for each 2,000 VMs, whatever their tags, and one for each different tag and category among them.
    A tag that this user may not read is not listed by vCenter.
    """
    attached: dict[str, list[str]] = {moid: [] for moid in moids}
    for start in range(0, len(moids), MANY):
        objects = [{"type": VM, "id": moid} for moid in moids[start : start + MANY]]
        for entry in rest.act(ASSOCIATION, "list-attached-tags-on-objects", {"object_ids": objects}, _is_tagged):
            attached[entry["object_id"]["id"]] = list(entry["tag_ids"] or [])
    known = _describe(rest, {tag for tags in attached.values() for tag in tags})
    return {moid: sorted((known[tag] for tag in tags), key=lambda tag: (tag["category"], tag["name"])) for moid, tags in attached.items()}


def tagged_vms(rest: Rest, wanted: t.Collection[str]) -> set[str]:
    """Managed object ids of the VMs that have any of these tags, each written Category/Tag.

    Calls: one for each category, one for each tag of the categories that are named, and one for the VMs of all tags together.
    Raises NotFound for a tag that does not exist.
    """
    found: dict[str, str] = {}
    categories = [rest.get(CATEGORY, identifier, "id", "name") for identifier in rest.ids(CATEGORY)]
    for category in categories:
        # A slash may be part of a name, so a category is recognised by the whole of it.
        if any(name.startswith(f"{category['name']}/") for name in wanted):
            for identifier in rest.act_on(TAG, "list-tags-for-category", "category_id", category["id"]):
                found[f"{category['name']}/{rest.get(TAG, identifier, 'name')['name']}"] = identifier
    unknown = sorted(set(wanted) - found.keys())
    if unknown:
        known = ", ".join(sorted(found)) or "categories " + (", ".join(sorted(entry["name"] for entry in categories)) or "none")
        raise NotFound(f'No tag "{unknown[0]}", written Category/Tag, that this user may read. There are: {known}.', object=unknown[0])
    entries = rest.act(ASSOCIATION, "list-attached-objects-on-tags", {"tag_ids": [found[name] for name in sorted(wanted)]}, _has_objects)
    return {item["id"] for entry in entries for item in entry["object_ids"] or [] if item["type"] == VM}


def _describe(rest: Rest, identifiers: t.Iterable[str]) -> dict[str, Tag]:
    details = {identifier: rest.get(TAG, identifier, "category_id", "name") for identifier in sorted(identifiers)}
    categories = {entry["category_id"] for entry in details.values()}
    names = {identifier: rest.get(CATEGORY, identifier, "name")["name"] for identifier in sorted(categories)}
    return {
        identifier: {"name": entry["name"], "category": names[entry["category_id"]], "id": identifier}
        for identifier, entry in details.items()
    }


def _is_tagged(row: Json) -> bool:
    """An element of Cis.Tagging.TagAssociation.ObjectToTags; vcsim says null for an empty list."""
    return isinstance(row, dict) and _is_object(row.get("object_id")) and "tag_ids" in row and all(map(is_text, row["tag_ids"] or ()))


def _has_objects(row: Json) -> bool:
    """An element of Cis.Tagging.TagAssociation.TagToObjects, likewise."""
    return isinstance(row, dict) and "object_ids" in row and all(map(_is_object, row["object_ids"] or ()))


def _is_object(value: Json) -> bool:
    return isinstance(value, dict) and is_text(value.get("type")) and is_text(value.get("id"))
