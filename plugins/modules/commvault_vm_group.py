#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_vm_group
version_added: 0.1.0
short_description: Manage a Commvault VM group, the set of VMs that is backed up together
description:
  - Creates, changes and deletes a VM group of a hypervisor. Its plan says when it is backed up, where to, and how long backups are kept.
  - Content may be VMs, but also folders, clusters, tags or patterns of names, whose VMs are found anew at each backup.
  - Only what a task gives is compared and changed.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
  - calligo.baas.attributes.group_commvault
options:
  name:
    description: Name of the VM group, unique within its hypervisor. Commvault does not distinguish names by case.
    type: str
    required: true
  new_name:
    description: Name to give the group. A group that has it already is found by it, where there is none called O(name). Of no use to O(state=absent).
    type: str
  hypervisor:
    description: Name of the hypervisor, see M(calligo.baas.commvault_hypervisor).
    type: str
    required: true
  plan:
    description: Name of the server plan that protects the group.
    type: str
  content:
    description:
      - What the group backs up. The kinds are united, so that a VM that one of them covers is backed up.
      - Required, unless O(allow_empty) is true, for a group that does not exist yet.
    type: dict
    suboptions: &content
      vms:
        description: Single VMs.
        type: list
        elements: dict
        default: []
        suboptions:
          uuid:
            description: Instance UUID of the VM, RV(calligo.baas.vcenter_vm_facts#module:ansible_facts.vcenter_vms[].instance_uuid).
            type: str
            required: true
          name:
            description: Name to show. VMs are told apart by O(content.vms[].uuid) alone; the UUID is shown if no name is given.
            type: str
      folders:
        description: VM folders, with all VMs below them.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: Managed object id of the folder, for instance V(group-v123).
            type: str
            required: true
          name:
            description: Name or path to show.
            type: str
            required: true
            aliases:
              - path
      datacenters:
        description: Datacenters, with all their VMs.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: Managed object id of the datacenter, for instance V(datacenter-2).
            type: str
            required: true
          name:
            description: Name to show.
            type: str
            required: true
      clusters:
        description: Clusters of hosts, with all their VMs.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: Managed object id of the cluster, for instance V(domain-c7).
            type: str
            required: true
          name:
            description: Name to show.
            type: str
            required: true
      tags:
        description: VMs that carry a vCenter tag.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Category and name of the tag, for instance V(Backup/Gold).
            type: str
            required: true
          id:
            description: Id of the tag, which begins with V(urn:vmomi:). Without it the tag is known by its name.
            type: str
      name_patterns:
        description: VMs by their names.
        type: list
        elements: dict
        default: []
        suboptions:
          condition:
            description: How the name is compared with the value.
            type: str
            choices:
              - contains
              - does_not_contain
              - does_not_equal
              - ends_with
              - equals
              - starts_with
            default: contains
          value:
            description: Text to look for.
            type: str
            required: true
      match:
        description:
          - Whether V(any) or V(all) of the tags and name patterns must hold for a VM.
          - It says nothing about the other kinds, which are always added.
        type: str
        choices:
          - any
          - all
        default: any
  content_mode:
    description:
      - V(exact) makes O(content) the whole content; what is not in it is taken out.
      - V(add) puts O(content) to what is there, and V(remove) takes it out; the rest is not touched.
      - The API cannot take one VM out of a group. V(remove) therefore reads the content and writes the rest back at once;
        a change that somebody else makes between the two is lost.
    type: str
    choices:
      - exact
      - add
      - remove
    default: exact
  vcenter:
    description:
      - How to reach the vCenter that the VMs of the group are in. It is asked only where O(content_mode=exact) would take VMs out of the
        content, what became of them.
      - A VM is then taken out only where it is proven gone (all VMs could be read, and none is it), or seen, so that it is left out on
        purpose. Any other stays, and is named in a warning. What is taken out, and why, is in RV(vm_group.leaving) and in the diff.
      - Without it, what is not in O(content) is taken out, whatever became of it.
    type: dict
    suboptions:
      folder:
        description: Folder that the VMs of the group lie in, as a path below the datacenter's C(vm) folder. A VM elsewhere was moved.
        type: str
      hostname:
        description:
          - Name or address of the vCenter, without scheme and port.
          - If not given, the environment variable E(VMWARE_HOST) is used.
        type: str
        required: true
      username:
        description:
          - The user to log in as. The role Read-only is enough.
          - If not given, the environment variable E(VMWARE_USER) is used.
        type: str
        required: true
      password:
        description:
          - The password of O(vcenter.username).
          - If not given, the environment variable E(VMWARE_PASSWORD) is used.
        type: str
        required: true
      port:
        description:
          - The port of the vCenter's API.
          - If not given, the environment variable E(VMWARE_PORT) is used.
        type: int
        default: 443
      validate_certs:
        description:
          - Whether the server's certificate must be trusted.
          - If not given, the environment variable E(VMWARE_VALIDATE_CERTS) is used.
        type: bool
        default: true
      ca_path:
        description: File with the certificates of the authorities to trust, where the system's own do not know the server's.
        type: path
      connect_timeout:
        description: Seconds to wait for a connection.
        type: float
        default: 30
  filters:
    description: What is left out of the backup although O(content) covers it. Always set as a whole; an empty dictionary removes all filters.
    type: dict
    suboptions: *content
  disk_filters:
    description:
      - Which disks of the VMs are left out of the backup, and so are not in a restored VM. A disk that one of the rules fits is left out.
      - Always set as a whole; an empty list removes all rules, also those of another tool that are returned with the type V(other).
    type: list
    elements: dict
    suboptions:
      type:
        description:
          - What the value is compared with.
          - "V(datastore): name of the datastore that the disk lies on."
          - "V(path): whole path of the disk, for instance V([lux-ds-02] acme-db-01/acme-db-01_1.vmdk)."
          - "V(pattern): file name, or path where it has a slash, with wildcards, for instance V(*_swap.vmdk) or V([lux-ds-02]/**/scratch/*.vmdk).
            A name in brackets at its beginning is a datastore; C(*) stands for any characters, C(**) for any folders, C(?) for one character."
          - "V(device_node): where the disk is attached, for instance V(SCSI (0:1))."
          - "V(label): label of the disk in vCenter, for instance V(Hard disk 2)."
          - "V(disk_type): kind of disk, in the words of Commvault."
        type: str
        required: true
        choices:
          - datastore
          - path
          - pattern
          - device_node
          - label
          - disk_type
      condition:
        description: How the value is compared. Of the types, only V(datastore) and V(label) have other conditions than V(equals).
        type: str
        choices:
          - contains
          - does_not_contain
          - does_not_equal
          - ends_with
          - equals
          - starts_with
        default: equals
      value:
        description: Text to look for.
        type: str
        required: true
      vm:
        description: The one VM that the rule is limited to. Without it, the rule is for all VMs of the group.
        type: dict
        suboptions:
          uuid:
            description: Instance UUID of the VM. Give it, since names of VMs need not be unique. One of this and O(disk_filters[].vm.name) is needed.
            type: str
          name:
            description: Name of the VM, which is compared only where the UUID is not known on both sides.
            type: str
  consistency:
    description:
      - V(crash) takes the disks as they are, V(filesystem_and_application) quiesces the guest through VMware Tools first.
      - V(application_aware) also lets Commvault handle databases inside the guest. For that it must be able to log in to the guests, so it is
        refused unless O(guest_credential) is given, or the group or its hypervisor has a login already.
    type: str
    choices:
      - crash
      - filesystem_and_application
      - application_aware
  guest_credential:
    description:
      - Name of the saved credential that Commvault logs in to the guests with, see M(calligo.baas.commvault_credential).
      - It is for groups whose O(consistency) is V(application_aware), and refused for others.
      - It is compared by name. A server that does not show it (it may hide all that is a login) cannot be compared with. There the credential
        is written when the group becomes application-aware, and later taken to be the right one, with a warning.
    type: str
  backup_enabled:
    description: Whether backups of the group may run. Running ones are not stopped.
    type: bool
  allow_empty:
    description: Allow a group whose content is empty, and which therefore protects nothing. Without it, that is refused.
    type: bool
    default: false
  state:
    description:
      - V(absent) deletes the group. Backups made from it are kept as long as their retention says.
      - The default group of a hypervisor cannot be deleted.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_hypervisor
  - module: calligo.baas.commvault_credential
  - module: calligo.baas.commvault_plan
  - module: calligo.baas.commvault_backup
  - module: calligo.baas.vcenter_vm_facts
"""

EXAMPLES = r"""
- name: Back up whatever lies in the tenant's folder, except test machines
  calligo.baas.commvault_vm_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    company: Acme Sàrl
    name: acme-vms
    hypervisor: acme-vcenter
    plan: acme-gold
    content:
      folders:
        - path: /Luxembourg/vm/Tenants/Acme Sàrl
          id: group-v123
    filters:
      name_patterns:
        - condition: ends_with
          value: -test
    consistency: filesystem_and_application

- name: Add one VM and leave the rest as it is
  calligo.baas.commvault_vm_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    name: acme-vms
    hypervisor: acme-vcenter
    content_mode: add
    content:
      vms:
        - name: acme-web-02
          uuid: 503b1d0a-1111-2222-3333-444455556666

- name: Every VM with the tag whose name begins with db
  calligo.baas.commvault_vm_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    name: acme-databases
    hypervisor: acme-vcenter
    plan: acme-platinum
    content:
      match: all
      tags:
        - name: Backup/Gold
      name_patterns:
        - condition: starts_with
          value: db

- name: Back up the databases with the help of their own software, but not their scratch disks
  calligo.baas.commvault_vm_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    name: acme-databases
    hypervisor: acme-vcenter
    consistency: application_aware
    guest_credential: acme-guests
    disk_filters:
      - type: datastore
        value: lux-scratch-01
      - type: label
        value: Hard disk 3
        vm:
          name: acme-db-01
          uuid: 503b1d0a-1111-2222-3333-444455556666

- name: Leave no disk out any more
  calligo.baas.commvault_vm_group:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ vault_commvault_password }}"
    name: acme-databases
    hypervisor: acme-vcenter
    disk_filters: []
"""

RETURN = r"""
vm_group:
  description:
    - The VM group after the task. In check mode, what it would be.
    - Null when it is absent.
  returned: success
  type: dict
  contains:
    id:
      description: Id of the group, which is its subclient id. Missing in check mode for a group that would be created.
      returned: when the group exists
      type: int
      sample: 140
    name:
      description: Name of the group.
      returned: always
      type: str
      sample: acme-vms
    hypervisor:
      description: Name of its hypervisor.
      returned: always
      type: str
      sample: acme-vcenter
    plan:
      description: Name of its plan, null if it has none.
      returned: when the group exists, or the plan was given
      type: str
      sample: acme-gold
    content:
      description: What it backs up, as in the option O(content).
      returned: when the group exists, or the content was given
      type: dict
      contains: &content
        vms:
          description: Single VMs, each with C(name) and C(uuid).
          returned: always
          type: list
          elements: dict
          sample: [{"name": "acme-web-01", "uuid": "503b1d0a-1111-2222-3333-444455556666"}]
        folders:
          description: VM folders, each with C(name) and C(id).
          returned: always
          type: list
          elements: dict
          sample: [{"name": "/Luxembourg/vm/Tenants/Acme Sàrl", "id": "group-v123"}]
        datacenters:
          description: Datacenters, each with C(name) and C(id).
          returned: always
          type: list
          elements: dict
          sample: []
        clusters:
          description: Clusters, each with C(name) and C(id).
          returned: always
          type: list
          elements: dict
          sample: []
        tags:
          description: Tags, each with C(name) and C(id), which may be null.
          returned: always
          type: list
          elements: dict
          sample: []
        name_patterns:
          description: Name patterns, each with C(condition) and C(value).
          returned: always
          type: list
          elements: dict
          sample: []
        match:
          description: Whether V(any) or V(all) of the tags and name patterns must hold.
          returned: always
          type: str
          sample: any
        other:
          description: Entries that another tool made and the options cannot express. An exact O(content) replaces them.
          returned: always
          type: list
          elements: dict
          sample: []
    filters:
      description: What is left out, as in the option O(filters).
      returned: when the group exists, or the filters were given
      type: dict
      contains: *content
    disk_filters:
      description: Which disks are left out.
      returned: when the group exists, or they were given
      type: list
      elements: dict
      contains:
        type:
          description: As in the option O(disk_filters[].type), or V(other) for a rule that another tool made and the options cannot express.
          returned: always
          type: str
          sample: label
        condition:
          description: How the value is compared.
          returned: when the type is not V(other)
          type: str
          sample: equals
        value:
          description: Text that is looked for.
          returned: when the type is not V(other)
          type: str
          sample: Hard disk 3
        vm:
          description: The VM that the rule is limited to, with C(name) and C(uuid), of which one may be null. Null for all VMs.
          returned: when the type is not V(other)
          type: dict
          sample: {"name": "acme-db-01", "uuid": "503b1d0a-1111-2222-3333-444455556666"}
        rule:
          description: The rule in Commvault's words.
          returned: when the type is V(other)
          type: dict
          sample: {"filterType": "DISK_TAG", "name": "backup", "value": "no"}
    consistency:
      description:
        - V(crash), V(filesystem_and_application) or V(application_aware).
        - V(inconsistent) if Commvault's two settings contradict each other, its own word in lower case if it is another one.
      returned: when the group exists, or it was given
      type: str
      sample: filesystem_and_application
    guest_credential:
      description:
        - Name of the saved credential that Commvault logs in to the guests with.
        - Null if there is none, if it is a plain user name and password, or if the server does not show it.
      returned: when the group exists, or it was given
      type: str
      sample: acme-guests
    backup_enabled:
      description: Whether backups may run.
      returned: when the group exists, or it was given
      type: bool
      sample: true
    leaving:
      description: The VMs that this task takes out of the content.
      returned: when there are any, and O(vcenter) is given
      type: list
      elements: dict
      contains:
        name: {description: Name., type: str, returned: always, sample: acme-web-01}
        uuid: {description: Instance UUID., type: str, returned: always, sample: 503b1d0a-1111-2222-3333-444455556666}
        reason:
          description: V(gone) from vCenter, V(moved) out of O(vcenter.folder), or V(excluded) by what the task says.
          type: str
          returned: always
          sample: gone
        folder: {description: Where it is now., type: str, returned: unless it is gone, sample: Tenants/Other}
"""

import dataclasses
import functools

from ansible_collections.calligo.baas.plugins.module_utils._commvault.vms.group import SPEC, VmGroup
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.engine import One, Work
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run_work
from ansible_collections.calligo.baas.plugins.module_utils._vcenter import namesakes
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.session import OPTIONS as VCENTER_OPTIONS

PROOF = ArgumentSpec({"vcenter": {"type": "dict", "options": {**VCENTER_OPTIONS.options, "folder": {"type": "str"}}}})


def bind(client: Commvault, context: Context) -> Work:
    """The VM group, with the vCenter that tells what became of VMs if there is one to ask."""
    params = context.params
    vcenter = dataclasses.replace(context, params=params["vcenter"])
    where = functools.partial(namesakes.whereabouts, vcenter) if params["vcenter"] else None
    return One(VmGroup(client, params, where), params["state"], "vm_group")


def main() -> None:
    run_work(OPTIONS.merge(SPEC, PROOF), connect, bind)


if __name__ == "__main__":
    main()
