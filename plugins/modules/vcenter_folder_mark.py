#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vcenter_folder_mark
version_added: 0.1.0
short_description: Mark a VM folder of vCenter as a tenant's
description:
  - Writes on a VM folder whose it is, into the custom attribute C(calligo.baas.tenant), which is made where there is none yet.
  - A mark counts for all that lies below the folder. It is refused where the folder, one above it or one below it is marked for another
    tenant, or where vCenter does not tell.
  - The user needs the privileges C(Global.SetCustomField) on the folder and, for the first folder, C(Global.ManageCustomFields).
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
  tenant:
    description: The tenant's alias. To take a mark away, whose it is must be named too.
    type: str
    required: true
  state:
    description:
      - V(present) marks the folder.
      - V(absent) takes the mark away.
    type: str
    choices:
      - present
      - absent
    default: present
extends_documentation_fragment:
  - calligo.baas.vcenter
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_vcenter
seealso:
  - module: calligo.baas.vcenter_folder_info
"""

EXAMPLES = r"""
- name: Mark the folder of a tenant
  calligo.baas.vcenter_folder_mark:
    hostname: vcenter.example.com
    username: svc-baas@vsphere.local
    password: "{{ lookup('ansible.builtin.env', 'BAAS_VCENTER_PASSWORD') }}"
    folder: Tenants/Acme
    tenant: acme
"""

RETURN = r"""
mark:
  description: The mark as it is now, or in check mode as it would be; null for none.
  returned: success
  type: dict
  contains:
    folder:
      description: Path of the folder below the datacenter's C(vm) folder.
      type: str
      sample: Tenants/Acme
    moid:
      description: Its managed object id.
      type: str
      sample: group-v123
    above:
      description: Managed object ids of what lies above it, up to the root.
      type: list
      elements: str
      sample: [datacenter-2, group-d1, group-v3, group-v80]
    tenant:
      description: The tenant's alias.
      type: str
      sample: acme
"""

from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource
from ansible_collections.calligo.baas.plugins.module_utils._vcenter import folder_mark, session


def main() -> None:
    run_resource(session.OPTIONS.merge(folder_mark.OPTIONS), session.connect, folder_mark.FolderMark, "mark")


if __name__ == "__main__":
    main()
