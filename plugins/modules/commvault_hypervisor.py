#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_hypervisor
short_description: Manage vCenter servers as hypervisors in Commvault
description:
  - Tells Commvault about a vCenter, the credentials for it, and the access nodes that read it.
  - Commvault tries the credentials before it takes them.
  - With O(company) the hypervisor belongs to that company.
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
    details: With O(update_password=always) the credentials are sent at every run, because Commvault does not tell which it has.
options:
  name:
    description: Name of the hypervisor in Commvault.
    type: str
    required: true
  vcenter_host:
    description:
      - Host name or address of the vCenter, without a scheme; with a port where it is not the usual one.
      - Required when the hypervisor does not exist yet. A change needs the credentials too.
    type: str
  vcenter_username:
    description: The user as which Commvault logs in to the vCenter. Required when the hypervisor does not exist yet.
    type: str
  vcenter_password:
    description: The password of O(vcenter_username). Required when the hypervisor does not exist yet.
    type: str
  access_nodes:
    description:
      - Names of the access nodes (proxies), or groups of them, that read the vCenter. The hypervisor then has these and no others.
      - Required when the hypervisor does not exist yet.
    type: list
    elements: str
  update_password:
    description:
      - V(on_create) sends the credentials when the hypervisor is made, or moves to another O(vcenter_host).
      - V(if_refused) also lets Commvault try, at every run, whether it can read the vCenter with the login that it has, and sends the
        credentials where it cannot, so that a password that was changed in the vCenter reaches Commvault. Commvault tries the new ones
        before it takes them; where they do not help either, the task fails.
      - V(always) sends them at every run, and reports a change each time.
    type: str
    choices:
      - on_create
      - if_refused
      - always
    default: on_create
  state:
    description:
      - V(present) makes sure that the hypervisor is there.
      - V(absent) retires it, which ends its backups and keeps those that exist for as long as their plan says. A retired one counts as absent.
    type: str
    choices:
      - present
      - absent
    default: present
  reuse_retired:
    description:
      - Whether a hypervisor of the name that was retired is put back into use, with the backups that are kept of it. Without this it is refused,
        since retiring it may have been the end of a service.
    type: bool
    default: false
  force:
    description: With O(state=absent), delete the hypervisor instead of retiring it, and its backups with it.
    type: bool
    default: false
seealso:
  - module: calligo.baas.commvault_vm_group
  - module: calligo.baas.commvault_company
"""

EXAMPLES = r"""
- name: Let Commvault know the tenant's vCenter
  calligo.baas.commvault_hypervisor:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: acme-vcenter
    vcenter_host: vcenter.example.com
    vcenter_username: svc-baas@vsphere.local
    vcenter_password: "{{ vcenter_password }}"
    access_nodes:
      - lux-an-01
      - lux-an-02

- name: Send a new password
  calligo.baas.commvault_hypervisor:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: acme-vcenter
    vcenter_username: svc-baas@vsphere.local
    vcenter_password: "{{ new_vcenter_password }}"
    update_password: always

- name: Retire the hypervisor and keep its backups
  calligo.baas.commvault_hypervisor:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: acme-vcenter
    state: absent
"""

RETURN = r"""
hypervisor:
  description: The hypervisor as it is now, or in check mode as it would be. It never holds a password.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id, which is a client id; missing in check mode for one that does not exist yet.
      type: int
      sample: 181
    name:
      description: Its name.
      type: str
      sample: acme-vcenter
    company:
      description: Name of the company that it belongs to.
      type: str
      sample: Acme Sàrl
    vcenter_host:
      description: Host name or address of the vCenter.
      type: str
      sample: vcenter.example.com
    access_nodes:
      description: Names of its access nodes.
      type: list
      elements: str
      sample:
        - lux-an-01
        - lux-an-02
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms import hypervisor
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(hypervisor.OPTIONS), session.connect, hypervisor.Hypervisor, "hypervisor")


if __name__ == "__main__":
    main()
