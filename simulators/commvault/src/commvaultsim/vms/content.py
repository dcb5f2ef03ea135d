# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs the content of a VM group means, now: explicit objects, rules with conditions, ALL and ANY, filters."""

from __future__ import annotations

import fnmatch
import re
import typing as t

from commvaultsim.vms.vcenter import Inventory, Node, VCenter

Json = dict[str, t.Any]
FOLDERS = ("FOLDER", "VM_FOLDER")
#: Kinds of content that mean an inventory object with everything below it, and the vim kinds that they can be.
CONTAINERS: dict[str, tuple[str, ...]] = {
    "FOLDER": ("Folder",),
    "VM_FOLDER": ("Folder",),
    "DATACENTER": ("Datacenter",),
    "DATACENTER_FOLDER": ("Folder",),
    "CLUSTER": ("ClusterComputeResource", "ComputeResource"),
    "SERVER": ("HostSystem",),
    "RES_POOL": ("ResourcePool",),
    "VAPP": ("VirtualApp",),
}
#: Kinds that compare a text of the VM.
TEXTS: dict[str, t.Callable[[Node], str]] = {
    "VM_NAME": lambda vm: vm.name,
    "VM_GUEST_OS": lambda vm: str(vm.props.get("config.guestFullName") or ""),
    "VM_GUEST_HOST_NAME": lambda vm: str(vm.props.get("guest.hostName") or ""),
    "VM_NOTES": lambda vm: str(vm.props.get("config.annotation") or ""),
    "VM_POWER_STATE": lambda vm: "1" if vm.props.get("runtime.powerState") == "poweredOn" else "0",
}
CONDITIONS = ("CONTAINS", "DOES_NOT_CONTAIN", "DOES_NOT_EQUAL", "ENDS_WITH", "EQUALS", "STARTS_WITH")
#: Conditions as the older calls say them.
WILDCARDS = {"CONTAINS": "*{}*", "DOES_NOT_CONTAIN": "*{}*", "STARTS_WITH": "{}*", "ENDS_WITH": "*{}"}
POWER = {"on": "1", "powered on": "1", "poweredon": "1", "off": "0", "powered off": "0", "poweredoff": "0"}


def empty() -> Json:
    """Content that means nothing."""
    return {"virtualMachines": [], "ruleGroups": []}


def merge(current: Json, given: Json) -> Json:
    """Write a content, filters or disk filters object over the kept one: overwrite replaces, otherwise it is appended without doubles."""
    out: Json = {}
    for key in ("virtualMachines", "ruleGroups", "rules"):
        if key not in current and key not in given:
            continue
        kept = [] if given.get("overwrite") else list(current.get(key) or [])
        for item in given.get(key) or []:
            if not any(_same(item, other) for other in kept):
                kept.append({name: value for name, value in item.items() if name not in ("guestCredentials", "overwrite")})
        out[key] = kept
    return out


def _same(one: Json, other: Json) -> bool:
    if "rules" in one or "rules" in other:
        return one == other
    if one.get("GUID") and other.get("GUID"):
        return (one.get("type"), str(one["GUID"]).lower()) == (other.get("type"), str(other["GUID"]).lower())
    keys = ("type", "name", "condition", "value", "filterType", "vmGuid", "vmName")
    return all(one.get(key) == other.get(key) for key in keys)


def compare(condition: str, text: str, wanted: str) -> bool:
    """One condition, without regard to case; wildcards count for EQUALS and CONTAINS, as older contents carry them."""
    have, want = text.lower(), wanted.lower()
    wild = any(sign in want for sign in "*?")
    tests: dict[str, t.Callable[[], bool]] = {
        "EQUALS": lambda: fnmatch.fnmatchcase(have, want) if wild else have == want,
        "DOES_NOT_EQUAL": lambda: not (fnmatch.fnmatchcase(have, want) if wild else have == want),
        "CONTAINS": lambda: want.strip("*") in have,
        "DOES_NOT_CONTAIN": lambda: want.strip("*") not in have,
        "STARTS_WITH": lambda: have.startswith(want.strip("*")),
        "ENDS_WITH": lambda: have.endswith(want.strip("*")),
    }
    return tests.get(condition.upper(), tests["EQUALS"])()


def to_wildcard(condition: str, text: str) -> str:
    """A condition of V4 as the wildcard of the older calls."""
    return WILDCARDS.get(condition, "{}").format(text)


def from_wildcard(text: str, positive: bool) -> tuple[str, str]:
    """A wildcard in the words of V4: the condition and the text that is left."""
    inner = text.strip("*")
    if not inner or "*" in inner or inner == text:
        return ("EQUALS" if positive else "DOES_NOT_EQUAL"), text
    if text.startswith("*") and text.endswith("*"):
        return ("CONTAINS" if positive else "DOES_NOT_CONTAIN"), inner
    if not positive:  # V4 has no words for the other negative ones
        return "DOES_NOT_EQUAL", text
    return ("ENDS_WITH" if text.startswith("*") else "STARTS_WITH"), inner


class Resolver:
    """Answers contents against one inventory; tags are asked for once each."""

    def __init__(self, inventory: Inventory, vcenter: VCenter | None = None) -> None:
        self.inventory = inventory
        self.vms = [vm for vm in inventory.of_kind("VirtualMachine") if not vm.props.get("config.template")]
        self._vcenter = vcenter
        self._tags: dict[str, set[str]] = {}

    def resolve(self, content: Json, filters: Json | None = None) -> list[Node]:
        """The VMs that content means, less those that filters mean, by name."""
        wanted = self.members(content)
        dropped = self.members(filters or {})
        return sorted((vm for vm in self.vms if vm.id in wanted - dropped), key=lambda vm: (vm.name, vm.id))

    def members(self, content: Json) -> set[str]:
        """Managed object ids: the explicit list and every rule group are united."""
        found: set[str] = set()
        for item in content.get("virtualMachines") or []:
            found |= self._item(item)
        for group in content.get("ruleGroups") or []:
            sets = [self._rule(rule) for rule in group.get("rules") or []]
            if sets:
                found |= set.union(*sets) if str(group.get("matchRule", "ALL")).upper() == "ANY" else set.intersection(*sets)
        return found

    def _item(self, item: Json) -> set[str]:
        kind, guid, name = str(item.get("type") or "VM").upper(), str(item.get("GUID") or "").lower(), str(item.get("name") or "")
        if kind in ("VM", "ROOT"):
            return {vm.id for vm in self.vms if kind == "ROOT" or self._is_vm(vm, guid, name)}
        if kind in CONTAINERS:
            tops = [n for n in self.inventory.of_kind(*CONTAINERS[kind]) if self._is(n, guid, name)]
            return {vm.id for vm in self.vms if any(self._below(vm, top, kind) for top in tops)}
        if kind == "DATASTORE":
            stores = {n.id for n in self.inventory.of_kind("Datastore") if self._is(n, guid, name)}
            return {vm.id for vm in self.vms if stores & {ref._moId for ref in vm.props.get("datastore") or []}}
        if kind == "TAG":
            return self._tagged(guid or name)
        return self._rule({**item, "condition": item.get("condition") or "EQUALS"}) if kind in TEXTS else set()

    def _is_vm(self, vm: Node, guid: str, name: str) -> bool:
        if guid:
            return guid in (str(vm.props.get("config.instanceUuid")).lower(), vm.id.lower())
        return vm.name.lower() == name.lower()

    def _is(self, node: Node, guid: str, name: str) -> bool:
        if guid:
            return node.id.lower() == guid
        path, wanted = self.inventory.path(node).lower(), "/" + name.strip("/").lower()
        below = re.sub(r"^/[^/]*/(vm|host)(?=/|$)", "", path)
        return wanted in (path, below) or ("/" not in name.strip("/") and node.name.lower() == name.lower())

    def _below(self, vm: Node, top: Node, kind: str) -> bool:
        chain = self.inventory.pools(vm) if kind == "RES_POOL" else [vm, *self.inventory.ancestors(vm)]
        if kind in ("CLUSTER", "SERVER"):
            ref = vm.props.get("runtime.host")
            start = self.inventory.nodes.get(ref._moId) if ref else None
            chain = [start, *self.inventory.ancestors(start)] if start else []
        return any(node is top for node in chain)

    def _tagged(self, name: str) -> set[str]:
        if name not in self._tags:
            self._tags[name] = self._vcenter.tagged(name) if self._vcenter else set()
        return self._tags[name]

    def _rule(self, rule: Json) -> set[str]:
        kind, condition = str(rule.get("type") or "VM_NAME").upper(), str(rule.get("condition") or "EQUALS").upper()
        wanted = str(rule.get("value") or rule.get("name") or "")
        if kind in TEXTS:
            if kind == "VM_POWER_STATE":
                wanted = POWER.get(wanted.lower(), wanted)
            return {vm.id for vm in self.vms if compare(condition, TEXTS[kind](vm), wanted)}
        found = self._item({**rule, "name": rule.get("name") or wanted})
        negative = condition in ("DOES_NOT_EQUAL", "DOES_NOT_CONTAIN")
        return {vm.id for vm in self.vms} - found if negative else found
