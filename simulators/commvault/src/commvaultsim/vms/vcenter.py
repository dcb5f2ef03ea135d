# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way to a vCenter: login with what a hypervisor client was given, the inventory in one property collector call, tasks."""

from __future__ import annotations

import base64
import binascii
import contextlib
import dataclasses as dc
import http.client
import json
import pathlib
import ssl
import time
import typing as t
import urllib.parse
import urllib.request

from pyVim.connect import SmartStubAdapter
from pyVmomi import vim, vmodl

from commvaultsim.state.job import JobFailure
from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
SECONDS = 60
INVENTORY: dict[t.Any, list[str]] = {
    vim.Folder: ["name", "parent"],
    vim.Datacenter: ["name", "parent", "vmFolder"],
    vim.ComputeResource: ["name", "parent", "resourcePool"],
    vim.HostSystem: ["name", "parent"],
    vim.ResourcePool: ["name", "parent"],
    vim.VirtualApp: ["name", "parent", "parentFolder", "parentVApp"],
    vim.Datastore: ["name", "parent"],
    vim.Network: ["name", "parent"],
    vim.VirtualMachine: [
        "name",
        "parent",
        "config.instanceUuid",
        "config.template",
        "config.guestFullName",
        "config.annotation",
        "runtime.powerState",
        "runtime.host",
        "guest.hostName",
        "resourcePool",
        "datastore",
    ],
}


class VCenterError(Exception):
    """The vCenter can not be reached or refused the login; the text is for people."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of "host" or "host:port"; 443 by default."""
    host, separator, port = address.rpartition(":")
    return (host, int(port)) if separator and port.isdigit() else (address, 443)


def known_vcenters(sim: Simulator) -> dict[str, Json]:
    """What vcenters.json says, read anew each time, since vCenters may come up after the simulator."""
    if sim.vcenters_file and sim.vcenters_file.exists():
        return t.cast("dict[str, Json]", json.loads(sim.vcenters_file.read_text(encoding="utf-8")))
    return sim.vcenters


def _tls(sim: Simulator, host: str, port: int) -> ssl.SSLContext:
    rows = list(known_vcenters(sim).values())
    exact = [row for row in rows if row.get("hostname") == host and int(row.get("port", 443)) == port]
    ca_path = next((row["ca_path"] for row in exact + rows if row.get("ca_path")), None)
    return ssl.create_default_context(cafile=str(pathlib.Path(ca_path)) if ca_path else None)


def passwords(stored: str) -> list[str]:
    """The password as given, then what it is when it was base64: the papers do not say which one V4 expects."""
    found = [stored]
    with contextlib.suppress(binascii.Error, ValueError):
        found.append(base64.b64decode(stored, validate=True).decode("utf-8"))
    return found


@contextlib.contextmanager
def connect(sim: Simulator, address: str, username: str, password: str) -> t.Iterator[VCenter]:
    """A session for the length of a with block; its sockets are closed however it ends. Raises VCenterError."""
    host, port = split_address(address)
    context, stub = _tls(sim, host, port), None
    try:
        try:
            stub = SmartStubAdapter(host, port=port, sslContext=context, httpConnectionTimeout=SECONDS)
            content: t.Any = vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()
            used = _log_in(content, username, password)
        except (OSError, vmodl.RuntimeFault, vmodl.MethodFault, ValueError, TypeError, http.client.HTTPException) as error:
            raise VCenterError(f"Failed to connect to vCenter [{address}]: {getattr(error, 'msg', None) or error}") from error
        if used is None:
            raise VCenterError(f"Failed to log in to vCenter [{address}] as [{username}]: incorrect user name or password.")
        try:
            yield VCenter(content, context, host, port, username, used)
        finally:
            with contextlib.suppress(OSError, vmodl.MethodFault, http.client.HTTPException):
                content.sessionManager.Logout()
    finally:
        if stub is not None:
            stub.DropConnections()


def _log_in(content: t.Any, username: str, password: str) -> str | None:
    for candidate in passwords(password):
        with contextlib.suppress(vim.fault.InvalidLogin):
            content.sessionManager.Login(username, candidate, None)
            return candidate
    return None


@dc.dataclass
class Node:
    """One inventory object: its reference, kind (vim class name without the package), name, parent id, and other properties read.

    The parent of what is in a vApp is that vApp, of a vApp another one or its folder; what is a resource pool has that in its properties.
    """

    ref: t.Any
    kind: str
    name: str
    parent: str
    props: Json

    @property
    def id(self) -> str:
        """The managed object id."""
        return str(self.ref._moId)


class Inventory:
    """All objects of a vCenter by managed object id, with the questions that content rules and restores ask."""

    def __init__(self, nodes: dict[str, Node]) -> None:
        self.nodes = nodes

    def of_kind(self, *kinds: str) -> list[Node]:
        """All objects of some kinds, such as VirtualMachine or Folder."""
        return [node for node in self.nodes.values() if node.kind in kinds]

    def ancestors(self, node: Node) -> list[Node]:
        """From the parent upwards."""
        out, parent = [], self.nodes.get(node.parent)
        while parent is not None:
            out.append(parent)
            parent = self.nodes.get(parent.parent)
        return out

    def pools(self, node: Node) -> list[Node]:
        """The resource pools, of which vApps are some, that a VM or a pool lies in, the nearest first."""
        out: list[Node] = []
        ref = node.props.get("resourcePool" if node.kind == "VirtualMachine" else "parent")
        while ref is not None and ref._moId in self.nodes and self.nodes[ref._moId].kind in ("ResourcePool", "VirtualApp"):
            out.append(self.nodes[ref._moId])
            ref = out[-1].props.get("parent")
        return out

    def settle(self) -> None:
        """Give each vApp, and each VM in one or in a resource pool below one, what it lies in: vCenter leaves the VMs' parent unset."""
        for node in self.of_kind("VirtualMachine", "VirtualApp"):
            if node.kind == "VirtualApp":
                outer = node.props.get("parentVApp") or node.props.get("parentFolder")
                node.parent = outer._moId if outer else ""
            elif not node.parent:
                node.parent = next((pool.id for pool in self.pools(node) if pool.kind == "VirtualApp"), "")

    def path(self, node: Node) -> str:
        """/Datacenter/vm/Folder/Name, without the root folder."""
        names = [n.name for n in reversed(self.ancestors(node)) if n.parent] + [node.name]
        return "/" + "/".join(names)

    def datacenter(self, node: Node) -> Node | None:
        """The data center that an object lies in."""
        return next((n for n in [node, *self.ancestors(node)] if n.kind == "Datacenter"), None)

    def named(self, name: str, *kinds: str, datacenter: Node | None = None) -> Node | None:
        """The first object with that name, without regard to case, in a data center if one is given."""
        for node in self.of_kind(*kinds):
            if node.name.lower() == name.lower() and (datacenter is None or self.datacenter(node) is datacenter):
                return node
        return None

    def folder(self, path: str, datacenter: Node) -> Node | None:
        """A VM folder by its full path, or by a path below the data center's vm folder; the vm folder itself for an empty one."""
        root = self.nodes[datacenter.props["vmFolder"]._moId]
        wanted = "/" + path.strip("/").replace("\\", "/")
        top = self.path(root)
        choices = {top.lower(): root} | {self.path(n).lower(): n for n in self.of_kind("Folder") if root in self.ancestors(n)}
        for candidate in (wanted, top + wanted, self.path(datacenter) + wanted):
            found = choices.get(candidate.rstrip("/").lower())
            if found:
                return found
        return None


class VCenter:
    """A logged-in session."""

    def __init__(self, content: t.Any, context: ssl.SSLContext, host: str, port: int, username: str, password: str) -> None:
        self.content = content
        self._context, self._host, self._port = context, host, port
        self._username, self._password = username, password

    def inventory(self) -> Inventory:
        """Everything, in one (paged) call over one container view."""
        view = self.content.viewManager.CreateContainerView(self.content.rootFolder, [vim.ManagedEntity], True)
        try:
            walk = vmodl.query.PropertyCollector.TraversalSpec(name="view", path="view", skip=False, type=type(view))
            start = vmodl.query.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[walk])
            found = self._retrieve([start], INVENTORY)
        finally:
            view.Destroy()
        root = self.content.rootFolder
        nodes = {root._moId: Node(root, "Folder", "Datacenters", "", {})}
        for ref, props in found:
            parent = props.get("parent")
            name = urllib.parse.unquote(str(props.get("name", "")))  # vCenter writes / % and \ in names as %2f %25 %5c
            nodes[ref._moId] = Node(ref, type(ref).__name__.rpartition(".")[2], name, parent._moId if parent else "", props)
        inventory = Inventory(nodes)
        inventory.settle()
        return inventory

    def read(self, refs: list[t.Any], paths: list[str]) -> list[tuple[t.Any, Json]]:
        """Properties of some objects of one kind, in one call."""
        if not refs:
            return []
        starts = [vmodl.query.PropertyCollector.ObjectSpec(obj=ref, skip=False) for ref in refs]
        return self._retrieve(starts, {type(refs[0]): paths})

    def _retrieve(self, starts: list[t.Any], wanted: dict[t.Any, list[str]]) -> list[tuple[t.Any, Json]]:
        collector = self.content.propertyCollector
        specs = [vmodl.query.PropertyCollector.PropertySpec(type=kind, pathSet=paths, all=False) for kind, paths in wanted.items()]
        filters = [vmodl.query.PropertyCollector.FilterSpec(objectSet=starts, propSet=specs)]
        page = collector.RetrievePropertiesEx(filters, vmodl.query.PropertyCollector.RetrieveOptions(maxObjects=500))
        out: dict[str, tuple[t.Any, Json]] = {}
        while page is not None:
            for item in page.objects:  # an object of a sub-type may come twice, once for each specification that fits it
                _ref, props = out.setdefault(item.obj._moId, (item.obj, {}))
                props.update({prop.name: prop.val for prop in item.propSet})
            page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
        return list(out.values())

    def wait(self, task: t.Any, what: str, seconds: float = SECONDS) -> t.Any:
        """Wait for a task by reading; its result, or JobFailure with the fault's text."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            info = dict(self.read([task], ["info.state", "info.error", "info.result"])[0][1])
            if info.get("info.state") == "success":
                return info.get("info.result")
            if info.get("info.state") == "error":
                fault = info.get("info.error")
                raise JobFailure(
                    f"{what} failed: {getattr(fault, 'localizedMessage', '') or getattr(fault, 'msg', '') or type(fault).__name__}"
                )
            time.sleep(0.02)
        raise JobFailure(f"{what} did not end within {seconds:.0f} seconds.")

    def tagged(self, name: str) -> set[str]:
        """Managed object ids of the VMs with a tag, named "Category/Tag" or "Tag", by the REST API; empty when there is none."""
        try:
            return self._tagged(name)
        except (OSError, KeyError, ValueError):
            return set()

    def _tagged(self, name: str) -> set[str]:
        basic = base64.b64encode(f"{self._username}:{self._password}".encode()).decode()
        session = self._rest("POST", "/rest/com/vmware/cis/session", {"Authorization": f"Basic {basic}"})
        headers = {"vmware-api-session-id": str(session)}
        category, _separator, tag = name.rpartition("/")
        wanted = []
        for number in self._rest("GET", "/rest/com/vmware/cis/tagging/tag", headers):
            detail = self._rest("GET", f"/rest/com/vmware/cis/tagging/tag/id:{number}", headers)
            owner = self._rest("GET", f"/rest/com/vmware/cis/tagging/category/id:{detail['category_id']}", headers)
            if tag.lower() in (str(detail["name"]).lower(), number.lower()) and category.lower() in ("", str(owner["name"]).lower()):
                wanted.append(number)
        path = "/rest/com/vmware/cis/tagging/tag-association?~action=list-attached-objects-on-tags"
        rows = self._rest("POST", path, headers, {"tag_ids": wanted}) if wanted else []
        return {str(item["id"]) for row in rows for item in row["object_ids"]}

    def _rest(self, method: str, path: str, headers: dict[str, str], body: Json | None = None) -> t.Any:
        url = f"https://{self._host}:{self._port}{path}"
        data = json.dumps(body).encode() if body is not None else b"" if method == "POST" else None
        request = urllib.request.Request(url, method=method, headers={**headers, "Content-Type": "application/json"}, data=data)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self._context))
        with opener.open(request, timeout=SECONDS) as reply:
            return json.load(reply).get("value")
