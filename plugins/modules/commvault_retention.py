#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_retention
short_description: Set how long Commvault keeps backups
description:
  - Sets the retention of a plan's backup destinations, which is how many days backups are kept, which full backups are kept longer, and
    whether data aging runs at all; and keeps single jobs until a time of their own.
  - Nothing is ever kept for a shorter time than now unless O(allow_decrease=true). The refusal says how many jobs and bytes would age out;
    where it is allowed, RV(aging_out) says it, in check mode too.
  - A destination may follow its storage pool, which then decides how long backups are kept; RV(retention.destinations[].follows_pool) tells.
    Such a destination is left alone while the pool keeps for as long as O(retention_days), and gets a retention of its own otherwise.
  - A destination on a WORM pool always follows it, so that a change is refused. One with a compliance lock can only keep for longer.
  - The jobs that age out are worked out from the list of jobs on the destination by days and extended rules. A server that keeps a number of
    full cycles beside the days loses fewer.
version_added: 0.1.0
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  plan:
    description: Name of the plan.
    type: str
    required: true
  destination:
    description: Name of the destination. Without it all destinations of the plan are meant, except copies of snapshots.
    type: str
  region:
    description: Only destinations of this region.
    type: str
  retention_days:
    description: How many days backups are kept, from 1 to 9999, or V(infinite).
    type: str
  follow_pool:
    description:
      - Whether the storage pool decides how long backups are kept, and not O(retention_days).
      - With V(false) and O(retention_days) the destination gets a retention of its own even while that of its pool is the same.
    type: bool
  extended_retention:
    description: Which full backups are kept longer; three rules at most, each of another type. An empty list removes the rules.
    type: list
    elements: dict
    suboptions:
      type:
        description: The full backups that the rule is about; of each period the first.
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
        description: How many days they are kept, longer than O(retention_days), or V(infinite).
        type: str
        required: true
  data_aging:
    description:
      - Whether what is past its retention ages. V(false) suspends that; everything stays, and the space that it takes grows.
      - To go on again is refused where jobs would age out, unless O(allow_decrease=true).
    type: bool
  job_ids:
    description: Numbers of backup jobs on O(destination) that are kept until O(retain_until).
    type: list
    elements: int
  retain_until:
    description:
      - A date such as V(2027-12-31), whose last second in UTC counts, or a time such as V(2027-12-31T18:00:00Z).
      - V(infinite) keeps the jobs for ever, V(rules) as long as the rules of the destination say.
      - A job is never kept for a shorter time than the rules say.
    type: str
  allow_decrease:
    description: Allow that backups are kept for a shorter time than now. What is older is lost at the next data aging.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_plan
  - module: calligo.baas.commvault_plan_info
"""

EXAMPLES = r"""
- name: Keep what is in the second copy for 90 days, and monthly fulls for a year
  calligo.baas.commvault_retention:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    plan: acme-gold
    destination: Secondary
    retention_days: 90
    extended_retention:
      - type: monthly_fulls
        retention_days: 365

- name: See what a shorter retention would cost
  calligo.baas.commvault_retention:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    plan: acme-gold
    retention_days: 14
    allow_decrease: true
  check_mode: true
  register: shorter

- name: Keep a backup for an audit
  calligo.baas.commvault_retention:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    plan: acme-gold
    destination: Primary
    job_ids:
      - 1207
    retain_until: "2033-12-31"
"""

RETURN = r"""
retention:
  description: The retention as it is now, or in check mode as it would be.
  returned: success
  type: dict
  contains:
    plan:
      description: Name of the plan.
      type: str
      sample: acme-gold
    destinations:
      description: The destinations that the task is about.
      type: list
      elements: dict
      contains:
        id: {description: Id of the destination., type: int, sample: 172}
        name: {description: Its name., type: str, sample: Primary}
        region: {description: Its region; null in a plan without regions., type: str, sample: luxembourg}
        storage_pool: {description: Its storage pool., type: str, sample: lux-pool-01}
        pool_retention_days: {description: How many days the pool itself keeps; -1 is infinite., type: int, sample: -1}
        lock:
          description: V(worm) where the pool alone decides, V(compliance) where the retention can only grow, else null.
          type: str
        retention_days: {description: Days in effect; -1 is infinite., type: int, sample: 30}
        follows_pool: {description: Whether they are the pool's., type: bool, sample: false}
        extended_retention:
          description: Rules for full backups that are kept longer.
          type: list
          elements: dict
          sample: [{type: monthly_fulls, retention_days: 365}]
        data_aging: {description: Whether what is past its retention ages., type: bool, sample: true}
    jobs:
      description: The jobs of O(job_ids).
      type: list
      elements: dict
      contains:
        id: {description: Number of the job., type: int, sample: 1207}
        retain_until: {description: "Time in UTC, V(infinite), or V(rules).", type: str, sample: "2033-12-31T23:59:59Z"}
aging_out:
  description: What the next data aging takes because backups are kept for a shorter time than before; nothing where they are not.
  returned: success
  type: dict
  contains:
    jobs: {description: How many jobs; null where Commvault does not tell., type: int, sample: 12}
    bytes: {description: How many bytes of application data they hold., type: int, sample: 53687091200}
    media_bytes: {description: How many bytes they take on the storage., type: int, sample: 10737418240}
    job_ids: {description: Their numbers., type: list, elements: int, sample: [1101, 1102]}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.plans import retention
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_work


def main() -> None:
    run_work(
        session.OPTIONS.merge(retention.OPTIONS),
        session.connect,
        lambda client, context: retention.RetentionOfPlan(client, context.params),
    )


if __name__ == "__main__":
    main()
