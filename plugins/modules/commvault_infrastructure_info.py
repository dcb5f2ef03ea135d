#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_infrastructure_info
short_description: Look at storage pools, access nodes and servers in Commvault
description:
  - Tells for each name whether the object exists, in which region it is, whether a storage pool encrypts what it stores, and whether
    a server's agent answers and to which company the server belongs.
  - A name that Commvault does not know is a result and not an error, so that a playbook can name everything that is missing at once.
author:
  - Calligo (@calligo)
options:
  storage_pools:
    description: Names of storage pools.
    type: list
    elements: str
    default: []
  access_nodes:
    description: Names of access nodes for VMware.
    type: list
    elements: str
    default: []
  servers:
    description:
      - Names of servers with an agent.
      - Each is asked whether it is ready. Where an agent is down that takes minutes; see O(read_timeout).
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
seealso:
  - module: calligo.baas.commvault_plan
  - module: calligo.baas.commvault_hypervisor
"""

EXAMPLES = r"""
- name: Look at what the tenant's specification refers to
  calligo.baas.commvault_infrastructure_info:
    host: cv.example.com
    username: baas-automation
    password: "{{ lookup('ansible.builtin.env', 'BAAS_COMMVAULT_PASSWORD') }}"
    storage_pools: [lux-pool-01]
    access_nodes: [lux-an-01]
    servers: [acme-fs01]
  register: platform

- name: Refuse a pool that stores in the clear
  ansible.builtin.assert:
    that: platform.infrastructure.storage_pools | rejectattr('encrypted') | list | length == 0
"""

RETURN = r"""
infrastructure:
  description: What was found, in the order of the names in the options. O(query) is applied to it.
  returned: success
  type: dict
  contains:
    storage_pools:
      description: One entry for each name in O(storage_pools).
      type: list
      elements: dict
      contains:
        name: {description: The name that was asked for., type: str, sample: lux-pool-01}
        exists: {description: Whether it exists and this user sees it., type: bool}
        encrypted: {description: Whether it stores encrypted; V(none) where Commvault does not tell., type: bool}
        region: {description: Its region; V(none) where it has none., type: str, sample: luxembourg}
    access_nodes:
      description: One entry for each name in O(access_nodes).
      type: list
      elements: dict
      contains:
        name: {description: The name that was asked for., type: str, sample: lux-an-01}
        exists: {description: Whether it exists and this user sees it., type: bool}
        region: {description: Its region; V(none) where it has none., type: str, sample: luxembourg}
    servers:
      description: One entry for each name in O(servers).
      type: list
      elements: dict
      contains:
        name: {description: The name that was asked for., type: str, sample: acme-fs01}
        exists: {description: Whether it exists and this user sees it., type: bool}
        company: {description: The company that owns it; V(none) for the provider., type: str, sample: Acme SA}
        region: {description: Its region; V(none) where it has none., type: str, sample: luxembourg}
        agents: {description: Names of the agents on it., type: list, elements: str, sample: [Windows File System]}
        ready: {description: Whether its agent answers., type: bool}
        reason: {description: Commvault's words where it does not., type: str}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import infrastructure_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        session.OPTIONS.merge(infrastructure_info.OPTIONS),
        session.connect,
        lambda client, context: infrastructure_info.read(client, context.params),
        queried="infrastructure",
    )


if __name__ == "__main__":
    main()
