#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_hypervisor_info
version_added: 0.1.0
short_description: Look at hypervisors in Commvault
description:
  - Tells for each hypervisor its vCenter, access nodes, VM groups, and how many of its VMs are protected. One request for all, and one for each.
  - Inside a company, its own hypervisors and those that the provider shares. Neither user names nor passwords are told.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  names:
    description: Only hypervisors of these names.
    type: list
    elements: str
  retired:
    description: Whether to tell hypervisors, too, that were retired and are kept for their backups.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_hypervisor
  - module: calligo.baas.commvault_vm_info
"""

EXAMPLES = r"""
- name: Look at the tenant's hypervisors
  calligo.baas.commvault_hypervisor_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
  register: known
"""

RETURN = r"""
hypervisors:
  description: The hypervisors, in the order of O(names), or by name. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Its id., type: int, sample: 204}
    name: {description: Its name., type: str, sample: acme-vcenter}
    vcenter_host: {description: The vCenter., type: str, sample: vcenter.example.com}
    company: {description: The company that it belongs to; null for the provider., type: str, sample: Acme Sàrl}
    region: {description: Its region; null for none., type: str}
    vendor: {description: "V(vmw) for VMware.", type: str, sample: vmw}
    version: {description: Version of Commvault's software for it., type: str}
    retired: {description: Whether it was retired., type: bool}
    access_nodes: {description: Names of its access nodes., type: list, elements: str, sample: [lux-an-01]}
    vm_groups: {description: "Names of its VM groups, where Commvault tells them here.", type: list, elements: str}
    backup_enabled: {description: Whether backups may run., type: bool}
    restore_enabled: {description: Whether restores may run., type: bool}
    vms:
      description: How many VMs there are, in all and by state.
      type: dict
      sample: {total: 3, protected: 3, not_protected: 0, pending: 0, never_backed_up: 0, backed_up_with_error: 0}
missing:
  description: Those of O(names) that do not exist, or that this user cannot see.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        OPTIONS.merge(info.HYPERVISOR_OPTIONS),
        connect,
        lambda client, context: info.hypervisors(client, context.params),
        queried="hypervisors",
    )


if __name__ == "__main__":
    main()
