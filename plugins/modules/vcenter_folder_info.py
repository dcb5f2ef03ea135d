#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vcenter_folder_info
short_description: Look at a VM folder of vCenter and the folders below it
description:
  - Tells the managed object ids of VM folders, by which Commvault knows them, and whose they are marked to be.
  - A folder that does not exist is an error.
author:
  - Calligo (@calligo)
options:
  folder:
    description:
      - A path below the datacenter's C(vm) folder, such as V(Tenants/Acme), or a path from the root, such as
        V(/Luxembourg/vm/Tenants/Acme), which is needed where several datacenters have the folder.
      - A slash in the name of a folder is written V(%2f).
    type: str
    required: true
extends_documentation_fragment:
  - calligo.baas.vcenter
  - calligo.baas.query
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_vcenter
seealso:
  - module: calligo.baas.vcenter_vm_facts
  - module: calligo.baas.commvault_vm_group
"""

EXAMPLES = r"""
- name: Look up the folder of a tenant
  calligo.baas.vcenter_folder_info:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    folder: Tenants/Acme
  register: acme
"""

RETURN = r"""
folders:
  description: The folder and all folders below it, by path. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: Path below the datacenter's C(vm) folder. Fits O(folder).
      type: str
      sample: Tenants/Acme
    moid:
      description: Managed object id.
      type: str
      sample: group-v123
    tenant:
      description: The alias of the tenant that it is marked for; null for none. See M(calligo.baas.vcenter_folder_mark).
      type: str
      sample: acme
"""

import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.folders import read_folders
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.session import OPTIONS, VCenter, connect

SPEC = OPTIONS.merge(ArgumentSpec({"folder": {"type": "str", "required": True}}))


def _act(vcenter: VCenter, context: Context) -> dict[str, t.Any]:
    return {"changed": False, "folders": read_folders(vcenter, context.params["folder"])}


def main() -> None:
    run(SPEC, connect, _act, queried="folders")


if __name__ == "__main__":
    main()
