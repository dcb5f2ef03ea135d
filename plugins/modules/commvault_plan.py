#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_plan
short_description: Manage server plans in Commvault
description:
  - Creates, changes and deletes a server plan, which says how often backups run, where they are stored and how long they are kept.
  - With O(company) the plan belongs to that company; plans of the same name in other companies are another matter.
  - Destinations and schedules that the plan has and the task does not name are left alone.
  - Refuses what would lose data, or keep it in clear, unless an option allows it.
version_added: 0.1.0
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  name:
    description: Name of the plan.
    type: str
    required: true
  destinations:
    description:
      - Where backups are stored, the primary one first.
      - A destination is told by its name and region. Required when the plan does not exist yet.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the destination, by custom C(Primary) for the first.
        type: str
        required: true
      storage_pool:
        description:
          - Name of the storage pool. Required for a new destination.
          - Commvault cannot move a destination to another pool, so that such a change is refused.
        type: str
      region:
        description: Name of the region whose servers this destination is for. It cannot be changed.
        type: str
      retention_days:
        description:
          - How many days backups are kept, from 1 to 9999, or V(infinite).
          - Without it a new destination follows its storage pool.
          - A shorter time than now is refused unless O(allow_retention_decrease=true).
        type: str
      source:
        description: Name of the destination that this one copies from. Without it the destination is a primary one.
        type: str
      backups_to_copy:
        description: Which backups are copied from O(destinations[].source). A new copy takes V(all) when nothing is said.
        type: str
        choices:
          - all
          - all_fulls
          - hourly_fulls
          - daily_fulls
          - weekly_fulls
          - monthly_fulls
          - quarterly_fulls
          - half_yearly_fulls
          - yearly_fulls
      extended_retention:
        description:
          - Which full backups are kept longer; three rules at most, each of another type. An empty list removes the rules.
        type: list
        elements: dict
        suboptions:
          type:
            description: The full backups that the rule is about.
            type: str
            required: true
            choices:
              - all_fulls
              - hourly_fulls
              - daily_fulls
              - weekly_fulls
              - monthly_fulls
              - quarterly_fulls
              - half_yearly_fulls
              - yearly_fulls
          retention_days:
            description: How many days they are kept, longer than O(destinations[].retention_days), or V(infinite).
            type: str
            required: true
  schedules:
    description:
      - When backups run.
      - A schedule is told by O(schedules[].backup_type), O(schedules[].for_databases) and the type of its frequency. Where the plan has none with
        this type of frequency, one with the same first two takes it on. Only what is given is compared.
    type: list
    elements: dict
    suboptions:
      backup_type:
        description: What is run.
        type: str
        required: true
        choices:
          - full
          - incremental
          - differential
          - synthetic_full
          - transaction_log
      for_databases:
        description: Whether the schedule is for databases only; if not given, that of V(transaction_log) is and others are not.
        type: bool
      frequency:
        description: How often.
        type: dict
        required: true
        suboptions:
          type:
            description: The unit that O(schedules[].frequency.every) counts. V(automatic) lets Commvault choose.
            type: str
            required: true
            choices:
              - minutes
              - daily
              - weekly
              - monthly
              - yearly
              - automatic
          every:
            description:
              - Every so many minutes, days, weeks or months; 1 if not given.
              - With V(automatic), the most minutes between two backups, or for V(synthetic_full) the days between two.
            type: int
          start_time:
            description: Time of day as V("21:00"), in quotes, because YAML takes it for a number otherwise.
            type: str
          days:
            description: Days of the week, with V(weekly).
            type: list
            elements: str
            choices:
              - monday
              - tuesday
              - wednesday
              - thursday
              - friday
              - saturday
              - sunday
          day_of_month:
            description: Day of the month, with V(monthly) and V(yearly).
            type: int
          month:
            description: Month, with V(yearly).
            type: str
            choices:
              - january
              - february
              - march
              - april
              - may
              - june
              - july
              - august
              - september
              - october
              - november
              - december
  backup_window:
    description: The only times at which backups may run. An empty list allows all.
    type: list
    elements: dict
    suboptions:
      days:
        description: Days of the week.
        type: list
        elements: str
        required: true
        choices:
          - monday
          - tuesday
          - wednesday
          - thursday
          - friday
          - saturday
          - sunday
      start:
        description: Beginning, as V("18:00").
        type: str
        required: true
      end:
        description: End on the same day, as V("23:59"), or V("24:00").
        type: str
        required: true
  sla_days:
    description: Within how many days a system must have been backed up to count as protected.
    type: int
  require_encryption:
    description: Refuse storage pools that do not encrypt what they store.
    type: bool
    default: true
  allow_retention_decrease:
    description: Allow that backups are kept for a shorter time than now. What is older is lost at the next data aging.
    type: bool
    default: false
  state:
    description:
      - V(present) makes sure that the plan is there.
      - V(absent) deletes it; refused while it protects anything.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_company
"""

EXAMPLES = r"""
- name: Back up daily, keep for a month in the region and monthly fulls for a year in a second copy
  calligo.baas.commvault_plan:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: acme-gold
    destinations:
      - name: Primary
        region: luxembourg
        storage_pool: lux-pool-01
        retention_days: 30
      - name: Secondary
        region: luxembourg
        storage_pool: lux-pool-02
        source: Primary
        retention_days: 90
        extended_retention:
          - type: monthly_fulls
            retention_days: 365
    schedules:
      - backup_type: incremental
        frequency:
          type: daily
          start_time: "21:00"
      - backup_type: full
        frequency:
          type: weekly
          days:
            - saturday
          start_time: "19:00"
    sla_days: 1

- name: Keep backups for a shorter time
  calligo.baas.commvault_plan:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: acme-gold
    destinations:
      - name: Primary
        region: luxembourg
        retention_days: 14
    allow_retention_decrease: true

- name: Delete a plan that nothing uses any more
  calligo.baas.commvault_plan:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: acme-gold
    state: absent
"""

RETURN = r"""
plan:
  description: The plan as it is now, or in check mode as it would be.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id; missing in check mode for a plan that does not exist yet.
      type: int
      sample: 171
    name:
      description: Its name.
      type: str
      sample: acme-gold
    company:
      description: Name of the company that it belongs to.
      type: str
      sample: Acme Sàrl
    destinations:
      description: Where backups are stored, with those that the task did not name.
      type: list
      elements: dict
      contains:
        id:
          description: Id of the destination (of the storage policy copy); missing in check mode for a new one.
          type: int
          sample: 172
        name:
          description: Its name.
          type: str
          sample: Primary
        region:
          description: Its region; null in a plan without regions.
          type: str
          sample: luxembourg
        storage_pool:
          description: Its storage pool.
          type: str
          sample: lux-pool-01
        retention_days:
          description: Days in effect, whether its own or its storage pool's; -1 is infinite.
          type: int
          sample: 30
        source:
          description: The destination that it copies from; null for a primary one.
          type: str
          sample: Primary
        backups_to_copy:
          description: Which backups it takes.
          type: str
          sample: all
        extended_retention:
          description: Rules for full backups that are kept longer.
          type: list
          elements: dict
          contains:
            type:
              description: The full backups that the rule is about.
              type: str
              sample: monthly_fulls
            retention_days:
              description: Days; -1 is infinite.
              type: int
              sample: 365
    schedules:
      description: When backups run, with those that the task did not name.
      type: list
      elements: dict
      contains:
        id:
          description: Id of the schedule; missing in check mode for a new one.
          type: int
          sample: 173
        backup_type:
          description: What is run.
          type: str
          sample: incremental
        for_databases:
          description: Whether it is for databases only.
          type: bool
          sample: false
        frequency:
          description: How often, in the words of O(schedules[].frequency).
          type: dict
          sample:
            type: daily
            every: 1
            start_time: "21:00"
    backup_window:
      description: The only times at which backups may run; empty for all.
      type: list
      elements: dict
      contains:
        days:
          description: Days of the week.
          type: list
          elements: str
          sample:
            - monday
        start:
          description: Beginning.
          type: str
          sample: "18:00"
        end:
          description: End.
          type: str
          sample: "23:59"
    sla_days:
      description: Within how many days a system must have been backed up to count as protected.
      type: int
      sample: 1
    associated_entities:
      description: How many things the plan protects.
      type: int
      sample: 0
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault import session
from ansible_collections.calligo.baas.plugins.module_utils._commvault.resources import plan
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(plan.OPTIONS), session.connect, plan.ServerPlan, "plan")


if __name__ == "__main__":
    main()
