#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_role_assignment
short_description: Give users and user groups roles on companies, plans and more in Commvault
description:
  - Makes sure that users and user groups have a role on something, or do not have it, many in one call.
  - Only what the task names is given or taken; what others have is never overwritten.
version_added: 0.1.0
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  assignments:
    description: Who is to have which role on what. Everything is looked up before the first is changed.
    type: list
    elements: dict
    required: true
    suboptions:
      user:
        description: Name of a user, the company's own before the provider's, with the alias or without.
        type: str
      user_group:
        description: Name of a user group, likewise. Either O(assignments[].user) or O(assignments[].user_group) is needed.
        type: str
      role:
        description: Name of the role.
        type: str
        required: true
      entity_type:
        description:
          - The kind of thing that the role is given on.
          - V(commcell) is the whole installation, all companies included.
        type: str
        choices:
          - client
          - company
          - plan
          - storage_pool
          - commcell
        default: company
      entity:
        description: Name of the thing. Required, except with O(assignments[].entity_type=commcell).
        type: str
      state:
        description:
          - V(present) gives the role.
          - V(absent) takes it. Somebody or something that does not exist has no role.
        type: str
        choices:
          - present
          - absent
        default: present
seealso:
  - module: calligo.baas.commvault_role
  - module: calligo.baas.commvault_user
  - module: calligo.baas.commvault_user_group
"""

EXAMPLES = r"""
# A service account that can work in one company and sees nothing of the others takes four tasks:
- name: Make the role of the tenants' automation, once for all tenants
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

- name: Make the group in the company
  calligo.baas.commvault_user_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: backup-automation

- name: Make the account in the company and the group
  calligo.baas.commvault_user:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: svc_backup
    email: svc-backup@acme.example.com
    user_password: "{{ acme_service_password }}"
    user_groups:
      - backup-automation

- name: Give the group the role on the company, and let it use a plan of the provider
  calligo.baas.commvault_role_assignment:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    assignments:
      - user_group: backup-automation
        role: Tenant Automation
        entity: Acme Sàrl

- name: Log in with the account, which sees its company alone
  calligo.baas.commvault_company_info:
    host: https://commvault.example.com
    username: acme\svc_backup
    password: "{{ acme_service_password }}"

- name: Take a role from somebody
  calligo.baas.commvault_role_assignment:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    assignments:
      - user: bob
        role: View
        entity_type: plan
        entity: gold
        state: absent
"""

RETURN = r"""
assignments:
  description:
    - One entry for each of O(assignments), in their order.
    - After a failure, one for each of RV(progress.done).
  returned: success, and on failure as far as RV(progress) tells
  type: list
  elements: dict
  contains:
    user:
      description: Name of the user.
      returned: when it was given
      type: str
      sample: svc_backup
    user_group:
      description: Name of the user group.
      returned: when it was given
      type: str
      sample: backup-automation
    role:
      description: Name of the role.
      type: str
      sample: Tenant Automation
    entity_type:
      description: The kind of thing that the role is on.
      type: str
      sample: company
    entity:
      description: Name of the thing.
      returned: when it was given
      type: str
      sample: Acme Sàrl
    changed:
      description: Whether the role was given or taken.
      type: bool
      sample: true
progress:
  description: How far a call came that failed while it changed things. Each assignment in the words of the error.
  returned: on failure, unless it failed before the first change was tried
  type: dict
  contains:
    done:
      description: What is as it was asked for.
      type: list
      elements: str
      sample:
        - role "Tenant Automation" of "backup-automation" on the company "Acme Sàrl"
    failed:
      description: What could not be changed.
      type: list
      elements: str
      sample:
        - role "View" of "svc_backup" on the plan "gold"
    not_tried:
      description: What was left alone.
      type: list
      elements: str
      sample: []
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import role_assignment
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resources


def main() -> None:
    run_resources(session.OPTIONS.merge(role_assignment.OPTIONS), session.connect, role_assignment.bind, "assignments")


if __name__ == "__main__":
    main()
