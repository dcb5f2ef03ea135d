#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: itsm_ticket
version_added: 0.1.0
short_description: Open, update, close and reopen a ticket
description:
  - Sees to it that there is one ticket about something, such as a system and what keeps it from being backed up, however often this runs
    and wherever a run was killed.
  - A ticket is known again by O(tenant) and O(identity). One that was over and whose trouble comes back is reopened; after O(reopen_days) a
    new one is opened, which names the old.
  - Its history is only added to.
  - In texts, characters that no text has, and those that change the order in which it is read, become U+FFFD.
author:
  - Calligo (@calligo)
options:
  tenant:
    description: The alias of the tenant whom it is about; empty for the provider itself.
    type: str
    default: ""
  identity:
    description:
      - What it is about, in a line of at most 500 characters, the same in each run.
      - Name what stays, such as the UUID of a VM, and the cause; leave out what changes, such as a day or a job.
    type: str
    required: true
  state:
    description:
      - V(present) opens a ticket if none is open, and leaves the state of one that is open to those who work on it.
      - V(in_progress) and V(pending) do the same and say how far it is.
      - V(resolved) says that it is healthy again, and V(closed) that it is done with, if there is such a ticket; none is opened for that.
        One that is over already is left alone.
    type: str
    choices: [present, in_progress, pending, resolved, closed]
    default: present
  kind:
    description:
      - V(incident) is a trouble, V(request) what somebody asked for. A new ticket is an V(incident) if this is not given.
      - A ticket keeps its kind; another one is refused.
    type: str
    choices: [incident, request]
  title:
    description:
      - What has happened, in a line; at most 160 characters are kept. Required unless it is to be V(resolved) or V(closed), which only takes
        notes.
    type: str
  description:
    description: The matter at length; at most 20000 characters are kept.
    type: str
  priority:
    description: How urgent it is.
    type: str
    choices: [critical, high, moderate, low]
  team:
    description: The team that it is for.
    type: str
  due:
    description: Until when it has to be solved, in UTC, such as V(2026-12-24T16:00:00Z).
    type: str
  note:
    description:
      - Something to add to its history, in words for the tenant.
      - A note that the ticket holds since it was last opened is not said again. What is to be said again, such as each day, differs by it.
    type: str
    default: ""
  internal_note:
    description: As O(note), for the provider alone.
    type: str
    default: ""
  by:
    description: Who does this, such as the user who launched a job. The user of the process if this is not given.
    type: str
  time:
    description:
      - When it happens, in UTC, such as V(2026-11-24T09:30:00Z), for its history and O(reopen_days). Now if this is not given.
      - What happens on another machine is told by that machine's clock.
    type: str
  reopen_days:
    description: For how many days, 0 to 365, after it was over a ticket is reopened instead of a new one being opened.
    type: int
    default: 7
extends_documentation_fragment:
  - calligo.baas.itsm
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_itsm
seealso:
  - module: calligo.baas.itsm_ticket_info
"""

EXAMPLES = r"""
- name: Escalate a system that is not backed up
  calligo.baas.itsm_ticket:
    provider: file
    directory: /var/lib/baas/tickets
    tenant: acme
    identity: 4211d1c4-6b1f-4a0e-9c3e-0f5b6a7c8d9e agent_not_ready
    title: acme-fs01 has had no backup since 2 days
    team: Windows
    priority: high
    note: The backup of acme-fs01 failed again on 24 November. Our Windows team looks into it.
    internal_note: "{{ job.reason }}"

- name: It is healthy again
  calligo.baas.itsm_ticket:
    provider: file
    directory: /var/lib/baas/tickets
    tenant: acme
    identity: 4211d1c4-6b1f-4a0e-9c3e-0f5b6a7c8d9e agent_not_ready
    state: resolved
    note: acme-fs01 was backed up this morning.
"""

RETURN = r"""
ticket:
  description: The ticket as it is now, or in check mode as it would be; null where there is none and none is needed.
  returned: success
  type: dict
  contains:
    number:
      description: What people call it. Null in check mode for one that would be opened.
      type: str
      sample: acme-4211d1c4-6b1f-4a0e-9c3e-0f5b6a7c8d9-0c1d2e3f4a5b6c7d-1
    link:
      description: Where people find it. Null as RV(ticket.number) is.
      type: str
      sample: /var/lib/baas/tickets/acme-4211d1c4-6b1f-4a0e-9c3e-0f5b6a7c8d9-0c1d2e3f4a5b6c7d-1.yml
    tenant:
      description: The alias of the tenant, null for the provider itself.
      type: str
      sample: acme
    identity:
      description: What it is about.
      type: str
      sample: 4211d1c4-6b1f-4a0e-9c3e-0f5b6a7c8d9e agent_not_ready
    kind:
      description: V(incident) or V(request).
      type: str
      sample: incident
    title:
      description: What has happened.
      type: str
      sample: acme-fs01 has had no backup since 2 days
    state:
      description: V(new), V(in_progress), V(pending), V(resolved) or V(closed).
      type: str
      sample: new
    description:
      description: The matter at length, or null.
      type: str
      sample: null
    priority:
      description: How urgent it is, or null.
      type: str
      sample: high
    team:
      description: The team that it is for, or null.
      type: str
      sample: Windows
    due:
      description: Until when it has to be solved, in UTC, or null.
      type: str
      sample: "2026-12-24T16:00:00Z"
    follows:
      description: The number of the ticket before it, whose trouble came back too late for it to be reopened; null for none.
      type: str
      sample: null
    opened:
      description: When it was opened, in UTC.
      type: str
      sample: "2026-11-24T06:30:00Z"
    ended:
      description: Since when it is over, in UTC; null where it is not.
      type: str
      sample: null
    history:
      description: What became of it, oldest first.
      type: list
      elements: dict
      contains:
        time:
          description: When, in UTC.
          type: str
          sample: "2026-11-24T06:30:00Z"
        by:
          description: Who.
          type: str
          sample: awx
        changes:
          description: State and fields as they were from then on.
          type: dict
          sample: {state: new}
        note:
          description: A note for the tenant, or empty.
          type: str
          sample: The backup of acme-fs01 failed again on 24 November. Our Windows team looks into it.
        internal_note:
          description: A note for the provider, or empty.
          type: str
          sample: ""
"""

from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_work
from ansible_collections.calligo.baas.plugins.module_utils._itsm import providers, ticket


def main() -> None:
    run_work(providers.OPTIONS.merge(ticket.OPTIONS), providers.connect, ticket.TicketWork)


if __name__ == "__main__":
    main()
