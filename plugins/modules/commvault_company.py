#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_company
short_description: Manage companies (tenants) in Commvault
description:
  - Creates, changes and deletes a company, and gives it plans and servers.
  - What the company has and the task does not name is left alone, so that nothing is taken from a tenant by omission.
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
    description: Name of the company. Commvault compares names without regard to case.
    type: str
    required: true
  alias:
    description:
      - The short name that stands before the names of the company's users and groups, as in C(acme\Tenant Admin).
      - Required when the company does not exist yet.
    type: str
  contact:
    description:
      - The person who becomes the company's first tenant administrator.
      - Given at creation only; the task warns when the company has another one, and leaves it.
    type: dict
    suboptions:
      name:
        description: Full name.
        type: str
        required: true
      email:
        description: Address; no welcome mail is sent to it.
        type: str
        required: true
  email_suffix:
    description: What comes behind the C(@) in the addresses of the company's users; several are separated by commas.
    type: str
  plans:
    description:
      - Names of plans that the company's administrators may use, the provider's or the company's own.
      - Plans that the company has already stay.
    type: list
    elements: str
  servers:
    description:
      - Names of the clients that are to belong to the company.
      - Only clients of the provider can be given. One that belongs to another company is refused, because it would bring that company's data along.
      - Clients that the company has already stay.
    type: list
    elements: str
  state:
    description:
      - V(present) makes sure that the company is there.
      - V(absent) deactivates the company for backup, restore and login, and then deletes it.
    type: str
    choices:
      - present
      - absent
    default: present
  force:
    description:
      - With O(state=absent), try the deletion although the company still owns clients or plans.
      - The company is deactivated then even where Commvault refuses to delete it.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_plan
  - module: calligo.baas.commvault_hypervisor
"""

EXAMPLES = r"""
- name: Make sure that the tenant exists and owns its file server
  calligo.baas.commvault_company:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: Acme Sàrl
    alias: acme
    contact:
      name: Ada Admin
      email: ada@acme.example.com
    email_suffix: acme.example.com
    servers:
      - acme-fs01

- name: Let the tenant use two of the provider's plans
  calligo.baas.commvault_company:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: Acme Sàrl
    plans:
      - gold
      - silver

- name: Remove a tenant that owns nothing any more
  calligo.baas.commvault_company:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: Acme Sàrl
    state: absent
"""

RETURN = r"""
company:
  description: The company as it is now, or in check mode as it would be.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id; missing in check mode for a company that does not exist yet.
      type: int
      sample: 142
    name:
      description: Its name.
      type: str
      sample: Acme Sàrl
    alias:
      description: Its short name.
      type: str
      sample: acme
    status:
      description: V(ACTIVE), or V(DEACTIVATED) when its logins, backups or restores are switched off.
      type: str
      sample: ACTIVE
    email_suffix:
      description: What comes behind the C(@) in its users' addresses.
      type: str
      sample: acme.example.com
    contact:
      description: The first of its contacts; empty when there is none.
      type: dict
      contains:
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
      type: list
      elements: str
      sample:
        - gold
    servers:
      description: Names of what it owns.
      returned: when O(servers) was given
      type: list
      elements: str
      sample:
        - acme-fs01
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault import session
from ansible_collections.calligo.baas.plugins.module_utils._commvault.resources import company
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(company.OPTIONS), session.connect, company.Company, "company")


if __name__ == "__main__":
    main()
