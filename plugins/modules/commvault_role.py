#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_role
short_description: Manage roles in Commvault
description:
  - Creates, changes and deletes a role, which is a set of permissions that can be given to users and user groups on companies, plans and more.
  - A role without O(company) is the provider's; with O(visible_to_all) companies can use it too, so that one serves all tenants.
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
    description: Name of the role. Commvault compares names without regard to case.
    type: str
    required: true
  permissions:
    description:
      - Names of single permissions, as the Command Center shows them. The role then has these and no other single ones.
      - A new role needs O(permissions) or O(categories).
    type: list
    elements: str
  categories:
    description: Names of categories, each of which gives all of its permissions. The role then has these and no other categories.
    type: list
    elements: str
  enabled:
    description: Whether the role counts where it was given.
    type: bool
  visible_to_all:
    description: Whether companies see the role and can use it.
    type: bool
  state:
    description:
      - V(present) makes sure that the role is there.
      - V(absent) deletes it, and takes it from everybody who has it.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_role_assignment
"""

EXAMPLES = r"""
- name: Make the role of the tenants' automation
  calligo.baas.commvault_role:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: Tenant Automation
    categories:
      - Client
      - Subclient
    permissions:
      - Use Plan
      - View
    visible_to_all: true
"""

RETURN = r"""
role:
  description: The role as it is now, or in check mode as it would be.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id; missing in check mode for one that does not exist yet.
      type: int
      sample: 14
    name:
      description: Its name.
      type: str
      sample: Tenant Automation
    permissions:
      description: Names of its single permissions.
      type: list
      elements: str
      sample:
        - Use Plan
    categories:
      description: Names of its categories.
      type: list
      elements: str
      sample:
        - Client
    enabled:
      description: Whether it counts.
      type: bool
      sample: true
    visible_to_all:
      description: Whether companies see it.
      type: bool
      sample: true
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import role
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(role.OPTIONS), session.connect, role.Role, "role")


if __name__ == "__main__":
    main()
