# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import http.client
import typing as t

from .._core.errors import ApiError, AuthenticationFailed, WaitTimeout
from .._core.wait import poll
from .changes import read_changes
from .collector import UNSET, Collector, Found, Report
from .inventory import Inventory, read_inventory
from .tags import Tag, read_tags
from .vm_facts import Facts, Known, references, vm_facts
from .vm_fields import PLACED, paths
from .vm_selection import Selection, Source, find_source

if t.TYPE_CHECKING:
    import datetime

    from .session import VCenter

STATE = "runtime.connectionState"
UNREACHABLE = (OSError, http.client.HTTPException)
"""What calls raise while vCenter restarts, or something between does."""


@dataclasses.dataclass
class Reading:
    """What was read.

    vms: facts of the selected VMs, by name. problems: in words, what is missing from them and why.
    not_found: names and UUIDs that no VM has; empty if the VMs were not read to the end, so that it cannot be told.
    """

    vms: list[Facts]
    not_found: list[str]
    problems: list[str]


def read_vms(
    vcenter: VCenter,
    selection: Selection,
    fields: t.Collection[str],
    changes_since: datetime.datetime | None = None,
    partial: bool = False,
) -> Reading:
    """Facts of the selected VMs. changes_since: from when on events are told with the fact changes, by vCenter's clock.

    partial: whether the first pages will do where vCenter fails on a later one, which is an error otherwise.

    Calls: a constant number, and pages. With a condition that the server cannot judge, what it looks at is read of all
    VMs in question and the facts of those that are selected; otherwise the facts are read at once.
    """
    report = Report(partial=partial)
    collector = Collector(vcenter, report=report)
    source = find_source(vcenter, collector, selection)
    wanted = paths(fields) | {STATE} | ({"config.instanceUuid"} if selection.instance_uuids else set())
    found = _select(vcenter, collector, source, wanted, report) if source.conditions else source.read(wanted)
    known = Known(
        inventory=_inventory(collector, found, fields),
        tags=_tags(vcenter, found, report) if "tags" in fields else None,
        attributes=_attributes(vcenter, report) if "custom_attributes" in fields else None,
        changes=read_changes(vcenter, found, changes_since) if "changes" in fields else None,
    )
    vms = sorted((vm_facts(vm, known, fields) for vm in found), key=lambda vm: (vm["name"] or "", vm["moid"]))
    report.problems += _unknown(found, vms)
    return Reading(vms, selection.not_found(found) if report.complete else [], report.problems)


def until_tools_run(read: t.Callable[[], Reading], timeout: float, pause: float) -> Reading:
    """The first reading in which VMware Tools run in all VMs, or the last one. A vCenter that does not answer meanwhile is asked again.

    timeout, pause: seconds.
    """

    def look() -> Reading | Exception:
        try:
            return read()
        except UNREACHABLE as error:
            return error

    try:
        last = poll(look, lambda seen: isinstance(seen, Reading) and _tools_run(seen), timeout, first=pause, longest=pause)
    except WaitTimeout as error:
        last = error.last
    if isinstance(last, Exception):
        raise last
    return last


def _tools_run(reading: Reading) -> bool:
    return all(vm["guest"]["tools_running"] for vm in reading.vms)


def _select(vcenter: VCenter, collector: Collector, source: Source, wanted: set[str], report: Report) -> list[Found]:
    known = source.read({"name", *source.judged_by})
    hidden = [vm.moid for vm in known if source.judged_by & vm.missing.keys()]
    if hidden:
        report.lose(f"vCenter does not tell what VMs are selected by; not judged, and left out: {', '.join(sorted(hidden))}.")
    chosen = [vm.reference for vm in known if vm.moid not in hidden and source.accepts(vm)]
    return collector.of(chosen, vcenter.vim.VirtualMachine, wanted)


def _unknown(found: list[Found], vms: list[Facts]) -> t.Iterator[str]:
    """What is known of none or not all of the VMs: their configuration, because vCenter has none, or what this user may not see."""
    unread = [
        f"{vm.properties.get('name', vm.moid)} ({vm.properties.get(STATE, 'unknown')})" for vm in found if UNSET in vm.missing.values()
    ]
    if unread:
        yield (
            f"vCenter has no configuration now of {', '.join(sorted(unread))}: make the VM accessible again, "
            "or remove it from the inventory if it is lost."
        )
    withheld = sum(bool(vm["unreadable"]) for vm in vms) - len(unread)
    if withheld > 0:
        yield f"vCenter withheld properties of {withheld} VMs; each names them in unreadable. The user may lack permissions."


def _inventory(collector: Collector, found: list[Found], fields: t.Collection[str]) -> Inventory:
    if not PLACED.intersection(fields):
        return Inventory({})
    return read_inventory(collector, (reference for vm in found for reference in references(vm, fields)))


def _tags(vcenter: VCenter, found: list[Found], report: Report) -> dict[str, list[Tag]] | None:
    if not found:
        return {}
    try:
        return read_tags(vcenter.rest, [vm.moid for vm in found])
    except (ApiError, AuthenticationFailed) as error:
        report.problems.append(f"Tags could not be read. {error}")
        return None


def _attributes(vcenter: VCenter, report: Report) -> dict[int, str] | None:
    manager = vcenter.content.customFieldsManager
    try:
        return {field.key: field.name for field in manager.field or []} if manager is not None else {}
    except vcenter.fault as error:
        report.problems.append(f"The names of custom attributes could not be read: {type(error).__name__.rsplit('.', 1)[-1]}.")
        return None
