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
  - Destinations and schedules that the plan has and the task does not name are left alone, unless O(purge_destinations=true)
    and O(purge_schedules=true).
  - A plan may be derived from another, O(base_plan), and then says only what it does otherwise.
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
          - A shorter time than now is refused unless O(allow_retention_decrease=true); the refusal says how many jobs and bytes would age out.
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
  purge_destinations:
    description:
      - Remove the destinations that O(destinations) does not name, last copies first. The default destination and the primary copy of snapshots
        stay in any case.
      - Refused where they hold backups unless O(allow_backup_loss=true); the refusal says what would be lost.
    type: bool
    default: false
  allow_backup_loss:
    description: Allow that O(purge_destinations) removes destinations together with the backups on them.
    type: bool
    default: false
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
            description: Day of the month, with V(monthly) and V(yearly). Mutually exclusive with O(schedules[].frequency.week_of_month).
            type: int
          week_of_month:
            description: With O(schedules[].frequency.day_of_week), such as the first Sunday, with V(monthly) and V(yearly).
            type: str
            choices:
              - first
              - second
              - third
              - fourth
              - last
          day_of_week:
            description: The day in O(schedules[].frequency.week_of_month).
            type: str
            choices:
              - monday
              - tuesday
              - wednesday
              - thursday
              - friday
              - saturday
              - sunday
              - day
              - weekday
              - weekend_days
          repeat_minutes:
            description: Repeat within the day every so many minutes, not with V(minutes) and V(automatic).
            type: int
          repeat_until:
            description: The time of day after which O(schedules[].frequency.repeat_minutes) does not repeat, as V("23:30").
            type: str
          timezone:
            description: Name of the time zone of O(schedules[].frequency.start_time), as Commvault has it; without it that of each server.
            type: str
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
  purge_schedules:
    description: Remove the schedules that O(schedules) does not mean. No backup is lost by that, but none may run any more.
    type: bool
    default: false
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
  full_backup_window:
    description: The only times at which full backups may run. An empty list allows all.
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
  base_plan:
    description:
      - Name of the plan from which this one is derived, which must allow that. It cannot be changed later.
      - What the task does not give is the base plan's, O(destinations) too.
    type: str
  inherit:
    description: What a derived plan takes from O(base_plan) again, after it had its own.
    type: list
    elements: str
    choices:
      - rpo
      - content
  content:
    description:
      - What subclients without content of their own back up. A list replaces the one before it; what is not given is left alone.
      - Some servers do not tell paths, which are then written but cannot be compared; a warning says so.
    type: dict
    suboptions:
      windows_included:
        description: Paths to back up on Windows; a backslash alone means everything.
        type: list
        elements: str
      windows_excluded:
        description: Paths to leave out on Windows.
        type: list
        elements: str
      windows_exceptions:
        description: Paths below those left out to back up all the same.
        type: list
        elements: str
      unix_included:
        description: Paths to back up on Unix and Linux.
        type: list
        elements: str
      unix_excluded:
        description: Paths to leave out there.
        type: list
        elements: str
      unix_exceptions:
        description: Paths below those left out to back up all the same.
        type: list
        elements: str
      system_state:
        description: Whether to back up the system state of Windows.
        type: bool
      system_state_with_vss:
        description: Whether to take it from a shadow copy.
        type: bool
      system_state_only_with_full:
        description: Whether to take it with full backups only.
        type: bool
  allow_override:
    description:
      - Whether plans may be derived from this one. Commvault cannot take that back, so that V(false) is refused on a plan that allows it.
      - On an existing plan V(true) needs O(confirm_allow_override=true).
    type: bool
  confirm_allow_override:
    description: Confirm that O(allow_override) is to be switched on for good.
    type: bool
    default: false
  override_restrictions:
    description: What derived plans may do otherwise.
    type: dict
    suboptions:
      destinations:
        description: Whether a derived plan may, must or must not have destinations of its own.
        type: str
        choices:
          - optional
          - must
          - not_allowed
      rpo:
        description: The same for schedules and windows.
        type: str
        choices:
          - optional
          - must
          - not_allowed
      content:
        description: The same for O(content).
        type: str
        choices:
          - optional
          - must
          - not_allowed
  snapshot_options:
    description: What happens to hardware snapshots.
    type: dict
    suboptions:
      enable_backup_copy:
        description: Whether to copy them to the storage pool.
        type: bool
      backup_copy_rpo_minutes:
        description: Every so many minutes.
        type: int
  database_options:
    description:
      - How logs of databases are backed up. Commvault keeps this with the schedule of logs, so that a task gives one of the two.
    type: dict
    suboptions:
      log_rpo_minutes:
        description: The most minutes between two backups of logs.
        type: int
      use_disk_cache:
        description: Whether logs are first gathered on a disk near the databases.
        type: bool
      commit_hours:
        description: Every so many hours they are then written to the storage pool.
        type: int
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
  - module: calligo.baas.commvault_plan_info
  - module: calligo.baas.commvault_retention
  - module: calligo.baas.commvault_blackout_window
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

- name: Let tenants' plans differ in how often they run, and in nothing else
  calligo.baas.commvault_plan:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: silver-base
    destinations:
      - name: Primary
        region: luxembourg
        storage_pool: lux-pool-01
        retention_days: 30
    content:
      windows_included:
        - \
      windows_excluded:
        - C:\Temp
      unix_included:
        - /
      system_state: true
    allow_override: true
    override_restrictions:
      destinations: not_allowed
      rpo: optional
      content: not_allowed

- name: Derive a plan that runs every four hours
  calligo.baas.commvault_plan:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: silver-often
    base_plan: silver-base
    schedules:
      - backup_type: incremental
        frequency:
          type: minutes
          every: 240
      - backup_type: transaction_log
        frequency:
          type: automatic
          every: 60

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
    full_backup_window:
      description: The only times at which full backups may run; empty for all.
      type: list
      elements: dict
    sla_days:
      description: Within how many days a system must have been backed up to count as protected.
      type: int
      sample: 1
    content:
      description: In the words of O(content), as far as Commvault tells.
      type: dict
    allow_override:
      description: Whether plans may be derived from it.
      type: bool
      sample: false
    override_restrictions:
      description: What these may do otherwise.
      type: dict
      sample: {destinations: optional, rpo: optional, content: optional}
    snapshot_options:
      description: In the words of O(snapshot_options).
      type: dict
    database_options:
      description: In the words of O(database_options).
      type: dict
    base_plan:
      description: The plan that it is derived from; null for none.
      type: str
      sample: silver-base
    inherited:
      description: What it takes from that.
      type: list
      elements: str
      sample: [content, destinations]
    associated_entities:
      description: How many things the plan protects.
      type: int
      sample: 0
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.plans import plan
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(plan.OPTIONS), session.connect, plan.ServerPlan, "plan")


if __name__ == "__main__":
    main()
