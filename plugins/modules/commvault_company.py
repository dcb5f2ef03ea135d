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
      - Of a company that exists it must be the alias, else the task fails before it changes anything, since the name may be another
        tenant's. See O(allow_alias_change).
    type: str
  allow_alias_change:
    description: Whether a company that has another alias gets this one.
    type: bool
    default: false
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
  contacts:
    description:
      - Names of users of the company that are its contacts, with its alias or without.
      - Contacts that the company has already stay, unless O(exact) holds V(contacts).
      - The company must exist, since its users do only then.
    type: list
    elements: str
  operators:
    description:
      - Users and user groups of the provider that act in the company, each with a role.
      - Operators that the company has already stay, unless O(exact) holds V(operators).
    type: list
    elements: dict
    suboptions:
      user:
        description: Name of a user.
        type: str
      user_group:
        description: Name of a user group. Either O(operators[].user) or O(operators[].user_group) is needed.
        type: str
      role:
        description: Name of the role.
        type: str
        required: true
  tags:
    description:
      - Tags, values by names.
      - Other tags of the company stay, unless O(exact) holds V(tags).
    type: dict
  supported_solutions:
    description:
      - What the company may protect.
      - What it may protect already stays, unless O(exact) holds V(supported_solutions).
    type: list
    elements: str
    choices:
      - activate
      - active_directory
      - archiving
      - bigdata_apps
      - cloud_apps
      - databases
      - exchange
      - file_server
      - g_suite
      - kubernetes
      - laptop
      - office_365
      - replication
      - salesforce
      - sharepoint
      - virtualization
  email_suffix:
    description: What comes behind the C(@) in the addresses of the company's users; several are separated by commas.
    type: str
  plans:
    description:
      - Names of plans that the company's administrators may use, the provider's or the company's own.
      - Plans that the company has already stay, unless O(exact) holds V(plans).
    type: list
    elements: str
  servers:
    description:
      - Names of the clients that are to belong to the company.
      - Only clients of the provider can be given. One that belongs to another company is refused, because it would bring that company's data along.
      - Clients that the company has already stay.
    type: list
    elements: str
  exact:
    description: The lists of this task that are to be all that the company has, so that what they do not name is taken from it.
    type: list
    elements: str
    choices:
      - contacts
      - operators
      - plans
      - supported_solutions
      - tags
    default: []
  disable:
    description: With O(state=deactivated), what the company can do no more.
    type: list
    elements: str
    choices:
      - backup
      - login
      - restore
    default:
      - backup
      - login
      - restore
  state:
    description:
      - V(present) makes sure that the company is there, and leaves it active or not as it is.
      - V(active) makes sure that it is there and active.
      - V(deactivated) makes sure that it is there and cannot do what O(disable) names. Its data stays.
      - V(absent) deactivates the company for backup, restore and login, and then deletes it. One that owns anything is refused without O(force),
        and the error says what would go with it.
    type: str
    choices:
      - present
      - active
      - deactivated
      - absent
    default: present
  force:
    description:
      - With O(state=absent), try the deletion although the company still owns clients or plans.
      - The company is deactivated then even where Commvault refuses to delete it.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_company_info
  - module: calligo.baas.commvault_user
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

- name: Let the second line act in the tenant, and nobody else of the provider
  calligo.baas.commvault_company:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: Acme Sàrl
    operators:
      - user_group: msp-second-line
        role: Tenant Operator
    tags:
      contract: "4711"
    exact:
      - operators

- name: Stop backups of a tenant whose contract has ended, and let it still restore
  calligo.baas.commvault_company:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: Acme Sàrl
    state: deactivated
    disable:
      - backup

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
  returned: unless O(state=absent)
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
    contacts:
      description: Names of the users that are its contacts.
      type: list
      elements: str
      sample:
        - acme\ada
    operators:
      description: Who of the provider acts in it, each a dict with C(user) or C(user_group), and C(role).
      type: list
      elements: dict
      sample:
        - user_group: msp-second-line
          role: Tenant Operator
    supported_solutions:
      description: What it may protect.
      type: list
      elements: str
      sample:
        - file_server
        - virtualization
    tags:
      description: Its tags, values by names.
      returned: when O(tags) was given
      type: dict
      sample:
        contract: "4711"
    disabled:
      description: What it cannot do while it is deactivated.
      returned: when O(state) is V(active) or V(deactivated)
      type: list
      elements: str
      sample:
        - backup
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

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import company
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(company.OPTIONS), session.connect, company.Company, "company")


if __name__ == "__main__":
    main()
