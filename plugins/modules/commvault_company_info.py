#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_company_info
short_description: Look at companies (tenants) in Commvault
description:
  - Tells for each company its status, tags, operators and how much it owns, and on demand its contacts, plans and what it owns by name.
  - A company's own user sees that company alone.
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
    description:
      - Names of companies. One that does not exist, or that the user cannot see, is an error.
      - Without it all companies are told, in the order of their names.
    type: list
    elements: str
  gather:
    description:
      - What to ask for beyond the list, each with one more request for each company.
      - V(settings) are contacts, plans, address suffix and solutions; V(entities) are the names of what the company owns.
    type: list
    elements: str
    choices:
      - settings
      - entities
    default:
      - settings
  include_deleted:
    description: Whether companies that were deleted, and are kept for the record, are told too.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_company
"""

EXAMPLES = r"""
- name: Look at all tenants with one request
  calligo.baas.commvault_company_info:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    gather: []
  register: tenants

- name: Look at what one tenant has
  calligo.baas.commvault_company_info:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    names:
      - Acme Sàrl
    gather:
      - settings
      - entities
"""

RETURN = r"""
companies:
  description: The companies, in the order of O(names), or by name. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Its id.
      type: int
      sample: 142
    name:
      description: Its name.
      type: str
      sample: Acme Sàrl
    alias:
      description: The short name before the names of its users and groups.
      type: str
      sample: acme
    status:
      description: V(ACTIVE), V(DEACTIVATED) or V(DELETED).
      type: str
      sample: ACTIVE
    tags:
      description: Its tags, values by names.
      type: dict
      sample:
        contract: "4711"
    operators:
      description: Who of the provider acts in it.
      type: list
      elements: dict
      contains:
        user:
          description: Name of the user.
          returned: for a user
          type: str
        user_group:
          description: Name of the user group.
          returned: for a user group
          type: str
          sample: msp-ops
        role:
          description: Name of the role.
          type: str
          sample: Tenant Operator
    entity_count:
      description: How much it owns.
      type: int
      sample: 3
    email_suffix:
      description: What comes behind the C(@) in its users' addresses.
      returned: when O(gather) holds V(settings)
      type: str
      sample: acme.example.com
    contacts:
      description: Its contacts.
      returned: when O(gather) holds V(settings)
      type: list
      elements: dict
      contains:
        user:
          description: Name of the user.
          type: str
          sample: acme\ada
        name:
          description: Full name.
          type: str
          sample: Ada Admin
        email:
          description: Address.
          type: str
          sample: ada@acme.example.com
    plans:
      description: Names of the plans that it may use.
      returned: when O(gather) holds V(settings)
      type: list
      elements: str
      sample:
        - gold
    supported_solutions:
      description: What it may protect.
      returned: when O(gather) holds V(settings)
      type: list
      elements: str
      sample:
        - file_server
        - virtualization
    created:
      description: When it was made, in seconds since 1970.
      returned: when O(gather) holds V(settings)
      type: int
      sample: 1718000000
    entities:
      description: What it owns.
      returned: when O(gather) holds V(entities)
      type: list
      elements: dict
      contains:
        id:
          description: Its id.
          type: int
          sample: 31
        name:
          description: Its name.
          type: str
          sample: acme-fs01
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import company_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        session.OPTIONS.merge(company_info.OPTIONS),
        session.connect,
        lambda client, context: company_info.read(client, context.params),
        queried="companies",
    )


if __name__ == "__main__":
    main()
