#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: itsm_ticket_info
version_added: 0.1.0
short_description: List tickets
description:
  - Lists tickets, those that are open if nothing else is asked for.
  - A ticket that cannot be read is an error that names it, since what it holds cannot be known.
author:
  - Calligo (@calligo)
options:
  tenant:
    description: Only those about this tenant, by its alias; empty for those about the provider itself. All if this is not given.
    type: str
  begins:
    description: Only those whose identity begins so.
    type: str
    default: ""
  states:
    description: Only those in one of these states.
    type: list
    elements: str
    choices: [new, in_progress, pending, resolved, closed]
    default: [new, in_progress, pending]
extends_documentation_fragment:
  - calligo.baas.itsm
  - calligo.baas.query
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_itsm
seealso:
  - module: calligo.baas.itsm_ticket
"""

EXAMPLES = r"""
- name: List what is open for a tenant
  calligo.baas.itsm_ticket_info:
    provider: file
    directory: /var/lib/baas/tickets
    tenant: acme
  register: open
"""

RETURN = r"""
tickets:
  description: The tickets, by number, each as M(calligo.baas.itsm_ticket) returns it. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  sample:
    - number: acme-4211d1c4-6b1f-4a0e-9c3e-0f5b6a7c8d9-0c1d2e3f4a5b6c7d-1
      title: acme-fs01 has had no backup since 2 days
      state: new
"""

from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run
from ansible_collections.calligo.baas.plugins.module_utils._itsm import providers, ticket


def main() -> None:
    run(providers.OPTIONS.merge(ticket.INFO_OPTIONS), providers.connect, ticket.read_tickets, queried="tickets")


if __name__ == "__main__":
    main()
