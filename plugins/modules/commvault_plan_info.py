#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_plan_info
short_description: Read server plans of Commvault
description:
  - Tells how often backups of a plan run, where they are stored, and how long they are kept in effect, whoever decides that.
  - With O(company), of that company's plans and those of the provider that it may use.
  - A name that does not exist is a result and not an error.
version_added: 0.1.0
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  names:
    description: Names of plans; all if not given. Each costs one request, and one more with O(entities).
    type: list
    elements: str
  entities:
    description: Whether to name what each plan protects.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_plan
  - module: calligo.baas.commvault_retention
"""

EXAMPLES = r"""
- name: Look at the tenant's plans
  calligo.baas.commvault_plan_info:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
  register: known

- name: Name destinations that keep for less than a month
  ansible.builtin.debug:
    msg: "{{ known.plans | map(attribute='destinations') | flatten | selectattr('retention_days', 'in', range(30)) | map(attribute='name') }}"
"""

RETURN = r"""
plans:
  description: The plans. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Its id., type: int, sample: 171}
    name: {description: Its name., type: str, sample: acme-gold}
    company: {description: The company that it belongs to., type: str, sample: Acme Sàrl}
    status: {description: "V(enabled), V(backup_disabled), and the like.", type: str, sample: enabled}
    rpo_minutes: {description: Its shortest interval between two backups; 0 without schedules., type: int, sample: 1440}
    sla_days: {description: Within how many days a system must have been backed up to count as protected., type: int, sample: 1}
    destinations:
      description: Where backups are stored.
      type: list
      elements: dict
      contains:
        id: {description: Id of the destination., type: int, sample: 172}
        name: {description: Its name., type: str, sample: Primary}
        region: {description: Its region; null in a plan without regions., type: str, sample: luxembourg}
        storage_pool: {description: Its storage pool., type: str, sample: lux-pool-01}
        source: {description: The destination that it copies from; null for a primary one., type: str}
        backups_to_copy: {description: Which backups it takes., type: str, sample: all}
        retention_days: {description: Days in effect; -1 is infinite., type: int, sample: 30}
        follows_pool: {description: Whether they are the storage pool's., type: bool, sample: false}
        pool_retention_days: {description: How many days the pool itself keeps; -1 is infinite., type: int, sample: -1}
        extended_retention:
          description: Rules for full backups that are kept longer.
          type: list
          elements: dict
          sample: [{type: monthly_fulls, retention_days: 365}]
        data_aging: {description: Whether what is past its retention ages., type: bool, sample: true}
        default: {description: Whether it is the plan's default destination., type: bool, sample: true}
        snapshot: {description: Whether it holds snapshots., type: bool, sample: false}
        lock:
          description: V(worm) where the pool alone decides, V(compliance) where the retention can only grow, else null.
          type: str
    schedules:
      description: When backups run, in the words of M(calligo.baas.commvault_plan).
      type: list
      elements: dict
      sample: [{id: 173, backup_type: incremental, for_databases: false, frequency: {type: daily, every: 1, start_time: "21:00"}}]
    backup_window: {description: The only times at which backups may run; empty for all., type: list, elements: dict}
    full_backup_window: {description: The same for full backups., type: list, elements: dict}
    content: {description: What subclients without content of their own back up; null where Commvault does not tell., type: dict}
    snapshot_options: {description: Whether and how often snapshots are copied., type: dict}
    database_options: {description: How often and in which way logs are backed up., type: dict}
    allow_override: {description: Whether plans may be derived from it., type: bool, sample: false}
    override_restrictions: {description: What these may and must define themselves., type: dict}
    base_plan: {description: The plan that it is derived from; null for none., type: str}
    inherited: {description: What it takes from that., type: list, elements: str}
    associated_entities: {description: How many things it protects., type: int, sample: 2}
    entities:
      description: What it protects; only with O(entities=true).
      type: list
      elements: dict
      sample: [{client: acme-fs01, backupset: defaultBackupSet, subclient: data, subclient_id: 180}]
missing:
  description: Names that do not exist, or that this user cannot see.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.plans import info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        session.OPTIONS.merge(info.PLAN_OPTIONS),
        session.connect,
        lambda client, context: info.read_plans(client, context.params),
        queried="plans",
    )


if __name__ == "__main__":
    main()
