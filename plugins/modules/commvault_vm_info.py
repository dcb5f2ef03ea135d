#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_vm_info
version_added: 0.1.0
short_description: Look at the virtual machines that Commvault knows, and how they are protected
description:
  - Tells for each VM its VM group and plan, whether it is protected and meets its service level, and its last backup.
  - Commvault knows a VM from the first backup on that saw it. A VM that is in no VM group is not told; see M(calligo.baas.vcenter_vm_facts).
  - One request for a thousand VMs. Filters are applied to what Commvault sends.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  uuids:
    description: Only the VMs with these instance UUIDs. Those that Commvault does not know are in RV(missing).
    type: list
    elements: str
  names:
    description: Only VMs of these names, of which there can be several each.
    type: list
    elements: str
  hypervisor:
    description: Only VMs of this hypervisor.
    type: str
  vm_group:
    description: Only VMs of this VM group of O(hypervisor).
    type: str
  protection:
    description: Only VMs in these states.
    type: list
    elements: str
    choices: [protected, not_protected, pending, backed_up_with_error, discovered]
  sla:
    description: Only VMs that are in these states by their service level.
    type: list
    elements: str
    choices: [met_sla, missed_sla, excluded_sla, yet_to_be_protected, might_miss_sla, unknown]
  recovery_points:
    description: Whether to tell from when to when each VM that is shown can be restored. One more request for each.
    type: bool
    default: false
  limit:
    description: The most VMs to return. RV(counts) counts all that meet the filters.
    type: int
seealso:
  - module: calligo.baas.commvault_vm_group_info
  - module: calligo.baas.vcenter_vm_facts
"""

EXAMPLES = r"""
- name: Name the VMs of a tenant that miss their service level
  calligo.baas.commvault_vm_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    sla: [missed_sla, might_miss_sla]
  register: late

- name: Count protected VMs without listing them
  calligo.baas.commvault_vm_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    limit: 0
  register: figures
"""

RETURN = r"""
vms:
  description: The VMs, in the order of their names. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str, sample: acme-web-01}
    uuid: {description: Its instance UUID., type: str}
    hypervisor: {description: Name of its hypervisor., type: str, sample: acme-vcenter}
    vm_group: {description: The VM group that backs it up., type: str, sample: acme-vms}
    plan: {description: The plan in effect., type: str, sample: acme-gold}
    company: {description: The company that it belongs to; null for the provider., type: str, sample: Acme Sàrl}
    company_id: {description: The id of that; 0 for the provider., type: int}
    host: {description: The host that it ran on., type: str}
    os: {description: Its operating system., type: str}
    protection: {description: See O(protection)., type: str, sample: protected}
    sla: {description: See O(sla)., type: str, sample: met_sla}
    sla_reason: {description: Why it does not meet it., type: str}
    last_backup:
      description: The newest backup, whatever became of it.
      type: dict
      contains:
        job: {description: Its job; null for none., type: int}
        status: {description: "In Commvault's words, such as V(completed) or V(never_backed_up).", type: str}
        time: {description: "When it was, in UTC.", type: str}
        last_success: {description: "When the last one was that succeeded, in UTC.", type: str}
        reason: {description: Why it failed., type: str}
    size_bytes: {description: Its allocated size., type: int}
    application_bytes: {description: What of it is protected., type: int}
    tags: {description: "Its tags in Commvault, values by names.", type: dict}
    recovery_points:
      description: The C(oldest) and the C(latest) time that it can be restored to, in UTC.
      returned: if O(recovery_points=true)
      type: dict
counts:
  description: How many VMs meet the filters, in all and by state.
  returned: success
  type: dict
  sample:
    total: 3
    by_protection: {protected: 2, backed_up_with_error: 1}
    by_sla: {met_sla: 2, missed_sla: 1}
missing:
  description: Those of O(uuids) that do not meet the filters, or are not known.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(OPTIONS.merge(info.VM_OPTIONS), connect, lambda client, context: info.vms(client, context.params), queried="vms")


if __name__ == "__main__":
    main()
