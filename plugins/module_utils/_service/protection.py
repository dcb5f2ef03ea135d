# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Which VMs a tenant's specification puts into a VM group: the rule that is given to Commvault, worked out here as well.

It tells what has to be protected without asking the backup platform, so that a VM that was never backed up is
in the population of a restore test, and fails it.
"""

from __future__ import annotations

import typing as t

from .exceptions import of_group
from .file_protection import switch

Vm = t.Mapping[str, t.Any]
Group = t.Mapping[str, t.Any]

CONDITIONS: t.Mapping[str, t.Callable[[str, str], bool]] = {
    "equals": lambda name, value: name == value,
    "contains": lambda name, value: value in name,
    "starts_with": lambda name, value: name.startswith(value),
    "ends_with": lambda name, value: name.endswith(value),
}
"""Conditions of a name pattern. Commvault compares names without regard to case."""


def members(vms: t.Iterable[Vm], group: Group, root: str) -> list[Vm]:
    """The VMs of a group, in their order.

    vms: with name, folder (path below the data center's VM folder), and where the group names tags, tags (category, name).
    group: vms, folders (relative to root), tags, name_patterns [{condition, value}], exclude {the same}.
    With tags or name_patterns a VM must satisfy all of them and lie in one of the folders (root if none is named);
    otherwise it must be one of the vms or lie in one of the folders.
    root: the tenant's folder. A VM outside it is never a member, nor is what vSphere makes for itself (see _protectable()).
    Raises ValueError for a VM that vCenter could not tell enough of.
    """
    excluded = group.get("exclude") or {}
    inside = [vm for vm in vms if _below(vm, root) and _protectable(vm)]
    return [vm for vm in inside if _chosen(vm, group, root) and not _any(vm, excluded, root)]


def required(vms: t.Iterable[Vm], group: Group, root: str) -> list[Vm]:
    """The members of a group that must have a backup: all but those of which the specification says why they need none.

    group: also backup_exceptions [{vm, reason, valid_until}], of which those that are over count no more.
    Raises ValueError for an exception that is none of exactly one member.
    """
    found = members(vms, group, root)
    excepted = [str(exception["vm"]).casefold() for exception in of_group(group)]
    for name in excepted:
        count = sum(str(vm["name"]).casefold() == name for vm in found)
        if count != 1:
            raise ValueError(f"backup_exceptions name {name!r}, but {count or 'no'} VMs of the group are called so")
    return [vm for vm in found if str(vm["name"]).casefold() not in excepted]


def vm_groups(
    vms: t.Sequence[Vm],
    groups: t.Iterable[Group],
    root: str,
    folder_ids: t.Mapping[str, str],
    native_rules: bool = False,
    resume: bool = False,
) -> list[dict[str, t.Any]]:
    """The groups of a specification, each with content and filters as M(calligo.baas.commvault_vm_group) takes them, and its members.

    A rule in Commvault reaches every VM of the vCenter, so that in one which tenants share a rule is worked out here,
    inside the tenant's folder, and given as the VMs that satisfy it now. native_rules: the rule itself is given, because
    the vCenter or what the rule names is this tenant's alone.
    resume: whether backups that are off are switched on, see file_protection.switch().
    folder_ids: managed object ids by path below the data center's VM folder. members: the VMs that must have a backup,
    each with name and uuid; see required().
    Raises ValueError, with the group's name, for a VM or folder that is not in the tenant's folder, and for a rule that no VM satisfies;
    also for a VM that vCenter could not tell enough of: unread is not absent, and what is decided without it would be wrong.
    """
    inside = [vm for vm in vms if _below(vm, root)]
    known = [{key: value for key, value in group.items() if key != "backup_enabled"} | switch(group, resume) for group in groups]
    return [_worked_out(inside, group, root, folder_ids, native_rules) for group in known]


def _worked_out(inside: list[Vm], group: Group, root: str, folder_ids: t.Mapping[str, str], native_rules: bool) -> dict[str, t.Any]:
    try:
        return {
            **group,
            "content": _content(inside, group, root, folder_ids, native_rules),
            "filters": _filters(inside, group.get("exclude") or {}, root, folder_ids),
            "members": [_object(vm) for vm in required(inside, group, root)],
        }
    except ValueError as error:
        raise ValueError(f"VM group {group.get('name')}: {error}") from None


def _content(inside: list[Vm], group: Group, root: str, folder_ids: t.Mapping[str, str], native_rules: bool) -> dict[str, t.Any]:
    inside = [vm for vm in inside if _protectable(vm)]
    if not by_rule(group):
        return {"vms": _named(inside, group.get("vms") or [], root), "folders": _folders(group, root, folder_ids)}
    if group.get("vms"):
        raise ValueError("a VM group takes either vms and folders, or tags and name_patterns within folders: make two groups")
    if native_rules and not group.get("folders"):
        return {
            "tags": [{"name": tag} for tag in group.get("tags") or []],
            "name_patterns": list(group.get("name_patterns") or []),
            "match": "all",
        }
    satisfying = [vm for vm in inside if _chosen(vm, group, root)]
    if not satisfying:
        raise ValueError(f"no VM below {root!r} has all of the group's tags and name_patterns")
    return {"vms": [_object(vm) for vm in satisfying]}


def _filters(inside: list[Vm], excluded: Group, root: str, folder_ids: t.Mapping[str, str]) -> dict[str, t.Any]:
    wanted = {str(name).casefold() for name in excluded.get("vms") or []}
    return {
        # A folder as content would take in what is never protected.
        "vms": [_object(vm) for vm in inside if str(vm["name"]).casefold() in wanted or not _protectable(vm)],
        "folders": _folders(excluded, root, folder_ids),
        "tags": [{"name": tag} for tag in excluded.get("tags") or []],
        "name_patterns": list(excluded.get("name_patterns") or []),
    }


def _named(inside: list[Vm], names: t.Iterable[str], root: str) -> list[dict[str, str]]:
    chosen = []
    for name in names:
        found = [vm for vm in inside if str(vm["name"]).casefold() == str(name).casefold()]
        if len(found) != 1:
            raise ValueError(f"{len(found) or 'no'} VMs below {root!r} are named {name!r}")
        chosen.append(_object(found[0]))
    return chosen


def _folders(group: Group, root: str, folder_ids: t.Mapping[str, str]) -> list[dict[str, str]]:
    paths = [folder_path(root, str(folder)) for folder in group.get("folders") or []]
    unknown = [path for path in paths if path not in folder_ids]
    if unknown:
        raise ValueError(f"the vCenter has no folder {', '.join(map(repr, unknown))}")
    return [{"name": path, "id": folder_ids[path]} for path in paths]


def _object(vm: Vm) -> dict[str, str]:
    return {"name": str(vm["name"]), "uuid": uuid(vm)}


def uuid(vm: Vm) -> str:
    """The instance UUID of a VM. Raises ValueError where vCenter does not tell it, as of one that is inaccessible."""
    if not vm.get("instance_uuid"):
        raise ValueError(f"vCenter does not tell the instance UUID of the VM {vm.get('name')!r}: make it accessible, or remove it")
    return str(vm["instance_uuid"])


def fields(groups: t.Iterable[Group]) -> list[str]:
    """The facts of M(calligo.baas.vcenter_vm_facts) that it takes to tell the members of these groups."""
    tags = any(group.get("tags") or (group.get("exclude") or {}).get("tags") for group in groups)
    return ["instance_uuid", "kind", "folder", *(["tags"] if tags else [])]


def _protectable(vm: Vm) -> bool:
    """Whether a VM is one to back up: not an agent of vSphere, such as those of its cluster services, nor a copy for fault tolerance."""
    return vm.get("kind") not in ("agent", "secondary")


def by_rule(group: Group) -> bool:
    """Whether the group is a rule (all of its tags and patterns), not a list (any of its VMs and folders)."""
    return bool(group.get("tags") or group.get("name_patterns"))


def folder_path(root: str, folder: str) -> str:
    """A folder named relative to the tenant's, as a path below the data center's VM folder."""
    return "/".join(part.strip("/") for part in (root, folder) if part.strip("/"))


def _chosen(vm: Vm, group: Group, root: str) -> bool:
    if not by_rule(group):
        return _any(vm, group, root)
    folders = group.get("folders") or [""]
    return (
        any(_below(vm, folder_path(root, folder)) for folder in folders)
        and all(_tagged(vm, tag) for tag in group.get("tags") or [])
        and all(_matches(vm, pattern) for pattern in group.get("name_patterns") or [])
    )


def _any(vm: Vm, group: Group, root: str) -> bool:
    return (
        any(str(name).casefold() == str(vm["name"]).casefold() for name in group.get("vms") or [])
        or any(_below(vm, folder_path(root, folder)) for folder in group.get("folders") or [])
        or any(_tagged(vm, tag) for tag in group.get("tags") or [])
        or any(_matches(vm, pattern) for pattern in group.get("name_patterns") or [])
    )


def _tagged(vm: Vm, tag: str) -> bool:
    if vm.get("tags") is None:
        raise ValueError(f"the tags of {vm['name']!r} are not known, so that it cannot be told whether it has {tag!r}")
    return any(f"{known['category']}/{known['name']}" == tag for known in vm["tags"])


def _below(vm: Vm, folder: str) -> bool:
    if vm.get("folder") is None:
        raise ValueError(f"vCenter does not tell the folder of the VM {vm.get('name')!r}")
    place = str(vm["folder"]).strip("/")
    return place == folder.strip("/") or place.startswith(folder.strip("/") + "/")


def _matches(vm: Vm, pattern: t.Mapping[str, t.Any]) -> bool:
    return CONDITIONS[str(pattern["condition"])](str(vm["name"]).casefold(), str(pattern["value"]).casefold())
