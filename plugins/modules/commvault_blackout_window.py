#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_blackout_window
short_description: Manage blackout windows in Commvault
description:
  - A blackout window is a time in which backups do not run. It is the opposite of a plan's backup window, in which they may.
  - With O(company) the window belongs to that company and is about its backups; without it, it is the provider's own and is about all.
  - A window is told by its name and its owner. Only what the task gives is compared.
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
    description: Name of the window.
    type: str
    required: true
  operations:
    description: Which backups do not run. Commvault takes V(all) where a new window says nothing.
    type: list
    elements: str
    choices:
      - full
      - incremental_and_differential
      - synthetic_full
      - transaction_log
      - all
  periods:
    description: When they do not run. Required when the window does not exist yet. One that crosses midnight is given as two.
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
        description: Beginning, as V("08:00"), in quotes, because YAML takes it for a number otherwise.
        type: str
        required: true
      end:
        description: End on the same day, as V("18:00"), or V("24:00").
        type: str
        required: true
  weeks:
    description: The weeks of the month in which the window counts. Commvault takes V(every) where a new window says nothing.
    type: list
    elements: str
    choices:
      - first
      - second
      - third
      - fourth
      - last
      - every
  between_dates:
    description: From which day to which day the window counts, both included, in UTC. Without a day there is no limit on that side.
    type: dict
    suboptions:
      start:
        description: First day, as V("2026-12-24").
        type: str
      end:
        description: Last day.
        type: str
  do_not_submit_job:
    description:
      - Whether backups that would start in the window do not start at all.
      - With V(false) they are queued, and start after it.
    type: bool
  state:
    description: Whether the window is there.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_plan
"""

EXAMPLES = r"""
- name: Run no full backups in office hours
  calligo.baas.commvault_blackout_window:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: Office hours
    operations:
      - full
      - synthetic_full
    periods:
      - days:
          - monday
          - tuesday
          - wednesday
          - thursday
          - friday
        start: "08:00"
        end: "18:00"

- name: Run nothing in the days of the yearly closing
  calligo.baas.commvault_blackout_window:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: Yearly closing
    operations:
      - all
    periods:
      - days:
          - saturday
          - sunday
        start: "00:00"
        end: "24:00"
    between_dates:
      start: "2026-12-24"
      end: "2027-01-02"
    do_not_submit_job: true
"""

RETURN = r"""
blackout_window:
  description: The window as it is now, or in check mode as it would be.
  returned: when O(state=present)
  type: dict
  contains:
    id: {description: Its id; missing in check mode for a new one., type: int, sample: 207}
    name: {description: Its name., type: str, sample: Office hours}
    company: {description: Name of the company that it belongs to., type: str, sample: Acme Sàrl}
    operations: {description: Which backups do not run., type: list, elements: str, sample: [full, synthetic_full]}
    periods:
      description: When they do not run.
      type: list
      elements: dict
      sample: [{days: [monday], start: "08:00", end: "18:00"}]
    weeks: {description: The weeks of the month in which it counts., type: list, elements: str, sample: [every]}
    between_dates:
      description: First and last day; empty for no limit.
      type: dict
      sample: {start: "2026-12-24", end: "2027-01-02"}
    do_not_submit_job: {description: Whether backups do not start at all., type: bool, sample: false}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.plans import blackout_window
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(blackout_window.OPTIONS), session.connect, blackout_window.BlackoutWindow, "blackout_window")


if __name__ == "__main__":
    main()
