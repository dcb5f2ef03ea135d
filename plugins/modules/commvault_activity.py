#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_activity
version_added: 0.1.0
short_description: Switch backup, restore and data aging on or off in Commvault
description:
  - Switches what a client, agent, instance, subclient, VM group or plan may do, at once or until a time.
  - What is off blocks new jobs of that kind, on that level and below. Jobs that run go on; see M(calligo.baas.commvault_job).
  - All elements are read before the first is switched, since Commvault does not tell whether a call changed anything.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  activities:
    description: What to switch. Give all of a tenant in one call; what several elements need to know of a client is read once.
    type: list
    elements: dict
    required: true
    suboptions:
      client:
        description:
          - Name of the client, a server or a hypervisor. Alone, it means all of it.
          - One of O(activities[].client), O(activities[].vm_group) and O(activities[].plan) is required.
          - When acting in a company, it must belong to that company.
        type: str
      agent:
        description: Only this agent of O(activities[].client). With O(activities[].subclient), the agent whose subclient it is.
        type: str
        choices:
          - file_system
          - sql_server
          - virtual_server
      instance:
        description: Only this instance of O(activities[].agent), or with O(activities[].subclient) the instance whose subclient it is.
        type: str
      backupset:
        description: The backup set of O(activities[].subclient).
        type: str
        default: defaultBackupSet
      subclient:
        description: Only this subclient of O(activities[].client).
        type: str
      vm_group:
        description: Name of a VM group.
        type: str
      hypervisor:
        description: Name of the hypervisor of O(activities[].vm_group).
        type: str
      plan:
        description: Name of a plan, whose schedules then start no backups. Inside a company, it must be the company's own.
        type: str
      backup:
        description: Whether backups may run.
        type: bool
      restore:
        description: Whether restores may run. For clients, agents and instances.
        type: bool
      data_aging:
        description: Whether data ages out after its retention. For clients. Switched off, all of the client's backups are kept.
        type: bool
      enable_after:
        description:
          - What is switched off comes on again by itself at this time, in ISO 8601; in UTC if it names no zone. Not for a plan.
          - One that has passed is an error.
        type: str
seealso:
  - module: calligo.baas.commvault_blackout_window
  - module: calligo.baas.commvault_job
"""

EXAMPLES = r"""
- name: No backups of the file server and the VMs while the tenant moves house
  calligo.baas.commvault_activity:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    activities:
      - client: acme-fs01
        backup: false
        enable_after: "2026-11-30T06:00:00Z"
      - vm_group: acme-vms
        hypervisor: acme-vcenter
        backup: false
        enable_after: "2026-11-30T06:00:00Z"

- name: Keep everything that there is of a server, and let nobody restore from it
  calligo.baas.commvault_activity:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    activities:
      - client: acme-fs01
        data_aging: false
        restore: false
"""

RETURN = r"""
activities:
  description: One entry for each of O(activities), in their order, with what may run now.
  returned: success, and on failure as far as the call came
  type: list
  elements: dict
  sample:
    - client: acme-fs01
      backup: false
      backup_enabled_after: "2026-11-30T06:00:00Z"
      restore: true
      restore_enabled_after: null
      data_aging: true
      data_aging_enabled_after: null
      changed: true
  contains:
    client: {description: Name of the client., type: str, returned: when it was given}
    agent: {description: The agent., type: str, returned: when it was given}
    instance: {description: Name of the instance., type: str, returned: when it was given}
    subclient: {description: Name of the subclient., type: str, returned: when it was given}
    vm_group: {description: Name of the VM group., type: str, returned: when it was given}
    plan: {description: Name of the plan., type: str, returned: when it was given}
    backup: {description: Whether backups may run., type: bool, returned: always}
    restore: {description: Whether restores may run., type: bool, returned: "for clients, agents and instances"}
    data_aging: {description: Whether data ages out., type: bool, returned: for clients}
    backup_enabled_after:
      description:
        - When backups come on again, in UTC; null for never. V(untold) where Commvault says that they will, but not when.
        - The same exists for C(restore) and C(data_aging).
      type: str
      returned: "except for plans"
    changed: {description: Whether anything was switched., type: bool, returned: always}
progress:
  description: How far a call came that failed at one of many. Each element in the words of the error.
  returned: on failure, unless it failed before the first write
  type: dict
  contains:
    done: {description: "What is as it was asked for, with its entry in RV(activities).", type: list, elements: str, returned: always, sample: ["acme-fs01"]}
    failed: {description: What the error is about., type: list, elements: str, returned: always, sample: ["acme-fs02"]}
    not_tried: {description: What was left alone., type: list, elements: str, returned: always, sample: []}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import activity
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resources


def main() -> None:
    run_resources(OPTIONS.merge(activity.OPTIONS), connect, activity.bind, returned="activities")


if __name__ == "__main__":
    main()
