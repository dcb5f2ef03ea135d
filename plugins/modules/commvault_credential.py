#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_credential
short_description: Manage saved credentials in Commvault
description:
  - Creates, changes and deletes a user name and password that hypervisors, file servers, databases and storage log in with.
  - With O(company) the credential belongs to that company.
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
    description: Name of the credential.
    type: str
    required: true
  account_type:
    description:
      - The kind of account. vCenter and SQL Server logins are V(windows) ones.
      - Required when the credential does not exist yet, and not to be changed afterwards.
    type: str
    choices:
      - windows
      - linux
      - storage_array
  account:
    description: The user name. Required when the credential does not exist yet. A change needs O(account_password) too.
    type: str
  account_password:
    description: The password of O(account). Required when the credential does not exist yet.
    type: str
  update_password:
    description:
      - V(on_create) sends O(account_password) when the credential is made, or gets another O(account).
      - V(always) sends it at every run, and reports a change each time.
    type: str
    choices:
      - on_create
      - always
    default: on_create
  description:
    description: What the credential is for.
    type: str
  state:
    description:
      - V(present) makes sure that the credential is there.
      - V(absent) deletes it. One that a hypervisor or a VM group logs in with is refused; what else uses it Commvault does not tell, and
        refuses itself.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_hypervisor
"""

EXAMPLES = r"""
- name: Save the login for the tenant's vCenter
  calligo.baas.commvault_credential:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: acme-vcenter
    account_type: windows
    account: svc-baas@vsphere.local
    account_password: "{{ vcenter_password }}"
    description: Reads the tenant's VMs
"""

RETURN = r"""
credential:
  description: The credential as it is now, or in check mode as it would be. It never holds a password.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id; missing in check mode for one that does not exist yet.
      type: int
      sample: 7
    name:
      description: Its name.
      type: str
      sample: acme-vcenter
    company:
      description: Name of the company that it belongs to, where Commvault tells it.
      type: str
      sample: Acme Sàrl
    account_type:
      description: The kind of account.
      type: str
      sample: windows
    account:
      description: The user name.
      type: str
      sample: svc-baas@vsphere.local
    description:
      description: What it is for.
      type: str
      sample: Reads the tenant's VMs
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import credential
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(credential.OPTIONS), session.connect, credential.Credential, "credential")


if __name__ == "__main__":
    main()
