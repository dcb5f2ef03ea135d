# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The floor: reads properties of all VMs page by page with pyVmomi and does nothing else with them. Options as JSON on standard input.

hostname, port, username, password, ca_path: how to reach vCenter. paths: the properties. page: objects in an answer.
Written as an administrator would, so it checks nothing and reports nothing; whatever a module does on top is its overhead.
"""

from __future__ import annotations

import json
import ssl
import sys
import typing as t

from pyVmomi import SoapStubAdapter, vim, vmodl

QUERY = vmodl.query.PropertyCollector


def read(content: t.Any, paths: list[str], page: int) -> int:
    """Read the properties of all VMs and return how many VMs there are."""
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    down = QUERY.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)
    start = QUERY.ObjectSpec(obj=view, skip=True, selectSet=[down])
    wanted = QUERY.FilterSpec(objectSet=[start], propSet=[QUERY.PropertySpec(type=vim.VirtualMachine, pathSet=paths)])
    collector = content.propertyCollector
    answer = collector.RetrievePropertiesEx([wanted], QUERY.RetrieveOptions(maxObjects=page))
    rows = []
    while answer is not None:
        rows += [{entry.name: entry.val for entry in item.propSet} for item in answer.objects]
        answer = collector.ContinueRetrievePropertiesEx(answer.token) if answer.token else None
    view.DestroyView()
    return len(rows)


def main() -> None:
    """Log in, read, log out and print the number of VMs."""
    given = json.load(sys.stdin)
    trust = ssl.create_default_context(cafile=given["ca_path"])
    stub = SoapStubAdapter(host=given["hostname"], port=given["port"], path="/sdk", version="vim.version.v7_0", sslContext=trust)
    content: t.Any = vim.ServiceInstance("ServiceInstance", stub).RetrieveContent()
    content.sessionManager.Login(given["username"], given["password"], None)
    print(read(content, given["paths"], given["page"]))
    content.sessionManager.Logout()


if __name__ == "__main__":
    main()
