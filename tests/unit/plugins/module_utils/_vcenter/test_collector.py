# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import types
import typing as t

import pytest
from pyVmomi import vim, vmodl

from ansible_collections.calligo.baas.plugins.module_utils._vcenter.collector import Collector, Report
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.session import VCenter

QUERY = vmodl.query.PropertyCollector


def content(number, missing=(), **properties):
    """One object of an answer, as the server sends it."""
    return QUERY.ObjectContent(
        obj=vim.VirtualMachine(f"vm-{number}"),
        propSet=[vmodl.DynamicProperty(name=name, val=value) for name, value in properties.items()],
        missingSet=[QUERY.MissingProperty(path=path, fault=fault) for path, fault in missing],
    )


class View(vim.view.ContainerView):
    """A view that tells its server when it is destroyed."""

    def __init__(self, server):
        super().__init__("session-view")
        object.__setattr__(self, "_server", server)

    def _destroy(self):
        self._server.views -= 1

    DestroyView = _destroy


@dataclasses.dataclass
class Server:
    """Answers pages in turn, and stands for the managers that the collector asks. It notes what it was asked."""

    pages: list[t.Any]
    fail_at: int | None = None
    asked: list[t.Any] = dataclasses.field(default_factory=list)
    views: int = 0

    @property
    def vcenter(self):
        content = types.SimpleNamespace(
            propertyCollector=types.SimpleNamespace(RetrievePropertiesEx=self.first, ContinueRetrievePropertiesEx=self.page),
            viewManager=types.SimpleNamespace(CreateContainerView=self.view),
        )
        return VCenter("vc", content, vim, QUERY, vmodl.MethodFault, t.cast(t.Any, None))

    def view(self, **_arguments):
        self.views += 1
        return View(self)

    def first(self, **arguments):
        self.asked.append((arguments["specSet"][0], arguments["options"].maxObjects))
        return self.page(None)

    def page(self, token):
        number = int(token or 0)
        if number == self.fail_at:
            raise vmodl.fault.SystemError(msg="no more")
        if not self.pages:
            return None
        more = str(number + 1) if number + 1 < len(self.pages) else None
        return QUERY.RetrieveResult(token=more, objects=self.pages[number])


def below(server, report=None):
    return Collector(server.vcenter, 2, report).below(vim.Folder("group-v1"), vim.VirtualMachine, ["name", "config.uuid", "name"])


def test_pages_are_read_to_the_last():
    server = Server([[content(1, name="a"), content(2, name="b")], [content(3, name="c")]])
    assert [(item.moid, item.properties) for item in below(server)] == [
        ("vm-1", {"name": "a"}),
        ("vm-2", {"name": "b"}),
        ("vm-3", {"name": "c"}),
    ]
    ((asked, page),) = server.asked
    assert (page, asked.propSet[0].pathSet, asked.reportMissingObjectsInResults) == (2, ["config.uuid", "name"], True)


def test_nothing_found():
    server = Server([])
    assert below(server) == []
    assert server.views == 0


def test_the_view_is_destroyed_after_an_error_too():
    server = Server([[content(1, name="a")], [content(2, name="b")]], fail_at=1)
    with pytest.raises(vmodl.fault.SystemError):
        below(server)
    assert server.views == 0


def test_a_server_that_stops_halfway_is_reported_where_somebody_listens():
    pages = [[content(1, name="a"), content(2, name="b")], [content(3, name="c")]]
    report = Report(partial=True)
    assert [item.moid for item in below(Server(pages, fail_at=1), report)] == ["vm-1", "vm-2"]
    assert report == Report(["vCenter stopped after 2 VMs (SystemError): there are more that were not read."], complete=False, partial=True)
    with pytest.raises(vmodl.fault.SystemError):
        below(Server(pages, fail_at=1), Report())
    with pytest.raises(vmodl.fault.SystemError):
        below(Server(pages, fail_at=0), Report())


def test_half_of_the_folders_is_an_error_in_any_case():
    server = Server([[content(1, name="a")], []], fail_at=1)
    with pytest.raises(vmodl.fault.SystemError):
        Collector(server.vcenter, 2, Report()).of([vim.Folder("group-v1")], vim.Folder, ["name"])


def test_vms_that_vanished_are_reported():
    report = Report()
    gone = [("name", vmodl.fault.ManagedObjectNotFound())]
    server = Server([[content(1, name="a"), content(2, gone)]])
    wanted = [vim.VirtualMachine(f"vm-{number}") for number in (1, 2, 3)]
    assert [item.moid for item in Collector(server.vcenter, 2, report).of(wanted, vim.VirtualMachine, ["name"])] == ["vm-1"]
    assert report == Report(["Removed from vCenter while it was read, and left out: vm-2, vm-3."])


def test_withheld_properties_are_reported_and_vanished_objects_left_out():
    withheld = [("config.uuid", vim.fault.NoPermission(privilegeId="System.Read"))]
    gone = [("name", vmodl.fault.ManagedObjectNotFound()), ("config.uuid", vmodl.fault.ManagedObjectNotFound())]
    (item,) = below(Server([[content(1, withheld, name="a"), content(2, gone)]]))
    assert (item.moid, item.properties, item.missing) == ("vm-1", {"name": "a"}, {"config.uuid": "NoPermission"})


def test_no_call_for_no_objects():
    server = Server([])
    collector = Collector(server.vcenter)
    assert collector.of([], vim.VirtualMachine, ["name"]) == []
    assert collector.with_ancestors([], ["name"]) == []
    assert server.asked == []
