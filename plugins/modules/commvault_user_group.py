#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_user_group
short_description: Manage user groups in Commvault
description:
  - Creates, changes and deletes a user group of the provider, or with O(company) of a company.
  - Commvault puts the company's alias before the names of its groups, as in C(acme\backup-automation). The name can be given with the alias or without.
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
    description: Name of the user group, with the company's alias or without. Commvault compares names without regard to case.
    type: str
    required: true
  description:
    description: What the group is for.
    type: str
  members:
    description: Names of users, the company's own before the provider's, with the alias or without.
    type: list
    elements: str
  members_mode:
    description:
      - V(add) puts O(members) into the group and leaves the others in it.
      - V(exact) leaves no others in it.
      - V(remove) takes O(members) out.
    type: str
    choices:
      - add
      - exact
      - remove
    default: add
  restricted_consoles:
    description:
      - Ways in that the group's members are kept from, these and no others.
      - The vendor's documents do not say whether the list blocks or allows; its name says that it blocks. Try it with one user first.
    type: list
    elements: str
    choices:
      - command_center
      - web_console
      - commcell_console
      - api
      - mobile
  enabled:
    description: Whether the group counts. The members of one that does not have nothing of what it allows.
    type: bool
  transfer_to_user:
    description: With O(state=absent), the name of the user who inherits what this user group owns, such as plans, credentials and reports.
    type: str
  transfer_to_user_group:
    description: With O(state=absent), the name of the user group that inherits. Mutually exclusive with O(transfer_to_user).
    type: str
  skip_transfer:
    description:
      - With O(state=absent), delete the user group although nobody inherits.
      - Without an heir and without this the task fails and changes nothing.
    type: bool
    default: false
  state:
    description:
      - V(present) makes sure that the user group is there.
      - V(absent) deletes it; its members stay.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_user
  - module: calligo.baas.commvault_role_assignment
"""

EXAMPLES = r"""
- name: Make the group of the tenant's automation
  calligo.baas.commvault_user_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: backup-automation
    description: Accounts that scripts log in with
    restricted_consoles:
      - command_center
      - commcell_console

- name: Take somebody out of the tenant's administrators
  calligo.baas.commvault_user_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: Tenant Admin
    members:
      - ada
    members_mode: remove
"""

RETURN = r"""
user_group:
  description: The user group as it is now, or in check mode as it would be.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id; missing in check mode for one that does not exist yet.
      type: int
      sample: 61
    name:
      description: Its name, with the company's alias.
      type: str
      sample: acme\backup-automation
    company:
      description: Name of the company that it belongs to.
      type: str
      sample: Acme Sàrl
    description:
      description: What it is for.
      type: str
      sample: Accounts that scripts log in with
    enabled:
      description: Whether it counts.
      type: bool
      sample: true
    members:
      description: Names of its members.
      type: list
      elements: str
      sample:
        - acme\svc_backup
    restricted_consoles:
      description: Ways in that its members are kept from.
      type: list
      elements: str
      sample:
        - command_center
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import user_group
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(user_group.OPTIONS), session.connect, user_group.UserGroup, "user_group")


if __name__ == "__main__":
    main()
