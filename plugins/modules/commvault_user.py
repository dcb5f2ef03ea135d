#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_user
short_description: Manage users in Commvault
description:
  - Creates, changes and deletes a user of the provider, or with O(company) of a company.
  - Commvault puts the company's alias before the names of its users, as in C(acme\svc_backup). The name can be given with the alias or without.
version_added: 0.1.0
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
attributes:
  idempotent:
    description: A second run with the same options changes nothing.
    support: partial
    details: With O(update_password=always) the password is sent at every run, because Commvault does not tell which it has.
options:
  name:
    description: Name of the user, with the company's alias or without. Commvault compares names without regard to case.
    type: str
    required: true
  email:
    description: Address of the user, which it can log in with too. Required when the user does not exist yet.
    type: str
  full_name:
    description: Full name.
    type: str
  user_password:
    description:
      - The password that the user gets. Without it a new user gets one that Commvault makes up, and a mail with a link to set another.
      - To change the password of a user, Commvault asks for the password of whoever changes it, so that O(username) and O(password) are needed then,
        beside O(token) where one is used.
    type: str
  update_password:
    description:
      - V(on_create) sends O(user_password) when the user is made.
      - V(always) sends it at every run, and reports a change each time.
    type: str
    choices:
      - on_create
      - always
    default: on_create
  user_groups:
    description: Names of user groups, the company's own before the provider's, with the alias or without.
    type: list
    elements: str
  user_groups_mode:
    description:
      - V(add) puts the user into O(user_groups) and leaves it in others.
      - V(exact) leaves it in no others.
      - V(remove) takes it out of them.
    type: str
    choices:
      - add
      - exact
      - remove
    default: add
  enabled:
    description: Whether the user can log in. When it is switched off, its open sessions end.
    type: bool
  transfer_to_user:
    description: With O(state=absent), the name of the user who inherits what this user owns, such as plans, credentials and reports.
    type: str
  transfer_to_user_group:
    description: With O(state=absent), the name of the user group that inherits. Mutually exclusive with O(transfer_to_user).
    type: str
  skip_transfer:
    description:
      - With O(state=absent), delete the user although nobody inherits.
      - Without an heir and without this the task fails and changes nothing.
    type: bool
    default: false
  state:
    description:
      - V(present) makes sure that the user is there.
      - V(absent) deletes it. The user that runs the task is neither deleted nor disabled.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_user_group
  - module: calligo.baas.commvault_role_assignment
"""

EXAMPLES = r"""
- name: Make a service account of the tenant
  calligo.baas.commvault_user:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: svc_backup
    email: svc-backup@acme.example.com
    full_name: Backup automation
    user_password: "{{ acme_service_password }}"
    user_groups:
      - backup-automation

- name: Send a new password
  calligo.baas.commvault_user:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: svc_backup
    user_password: "{{ acme_service_password }}"
    update_password: always

- name: Delete somebody who has left, and give what she owned to the administrators
  calligo.baas.commvault_user:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: ada
    state: absent
    transfer_to_user_group: Tenant Admin
"""

RETURN = r"""
user:
  description: The user as it is now, or in check mode as it would be. It never holds a password.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id; missing in check mode for one that does not exist yet.
      type: int
      sample: 121
    name:
      description: Its name, with the company's alias.
      type: str
      sample: acme\svc_backup
    company:
      description: Name of the company that it belongs to.
      type: str
      sample: Acme Sàrl
    email:
      description: Its address.
      type: str
      sample: svc-backup@acme.example.com
    full_name:
      description: Its full name.
      type: str
      sample: Backup automation
    enabled:
      description: Whether it can log in.
      type: bool
      sample: true
    user_groups:
      description: Names of the user groups that it is in, those of directories aside.
      type: list
      elements: str
      sample:
        - acme\backup-automation
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import user
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(user.OPTIONS), session.connect, user.User, "user")


if __name__ == "__main__":
    main()
