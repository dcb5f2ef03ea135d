#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_vm_group_info
version_added: 0.1.0
short_description: Look at VM groups in Commvault
description:
  - Tells for each VM group its hypervisor, plan, protection and last backup, all with one request.
  - A name that does not exist is a result and not an error.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  hypervisor:
    description: Only VM groups of this hypervisor.
    type: str
  names:
    description: Only VM groups of these names.
    type: list
    elements: str
  covering:
    description:
      - Only VM groups whose content names one of these, by the managed object id of a folder, cluster or datacenter or the instance UUID
        of a VM. It takes a request more for each VM group.
      - Rules, which are tags and patterns of names, are not worked out.
    type: list
    elements: str
  vcenter:
    description:
      - Of the VM groups that meet O(covering), leave out those that name folders of another vCenter, whose managed object ids may be the same.
      - The address of the vCenter, as hypervisors have it. A VM group of a hypervisor whose address is not told stays, and so does one whose
        address may be the same one's, a short name or an IP address instead of a full name.
    type: str
seealso:
  - module: calligo.baas.commvault_vm_group
  - module: calligo.baas.commvault_vm_info
"""

EXAMPLES = r"""
- name: Look at the tenant's VM groups
  calligo.baas.commvault_vm_group_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
  register: groups
"""

RETURN = r"""
vm_groups:
  description: The VM groups, by hypervisor and name. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Its id., type: int, sample: 210}
    name: {description: Its name., type: str, sample: acme-vms}
    hypervisor: {description: Name of its hypervisor., type: str, sample: acme-vcenter}
    hypervisor_display_name: {description: The name under which that is shown., type: str}
    plan: {description: Its plan; null for none., type: str, sample: acme-gold}
    company: {description: The company that it belongs to; null for the provider., type: str, sample: Acme Sàrl}
    company_id: {description: The id of that; 0 for the provider., type: int}
    default: {description: Whether it is the hypervisor's default VM group., type: bool}
    protection: {description: "V(protected), V(not_protected), V(pending) or V(backed_up_with_error).", type: str}
    last_backup:
      description: The newest backup, whatever became of it.
      type: dict
      contains:
        job: {description: Its job; null for none., type: int}
        status: {description: "In Commvault's words, such as V(completed) or V(never_backed_up).", type: str}
        time: {description: "When it was, in UTC.", type: str}
        reason: {description: Why it failed., type: str}
    tags: {description: "Its tags in Commvault, values by names.", type: dict}
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
    run(OPTIONS.merge(info.VM_GROUP_OPTIONS), connect, lambda client, context: info.vm_groups(client, context.params), queried="vm_groups")


if __name__ == "__main__":
    main()
