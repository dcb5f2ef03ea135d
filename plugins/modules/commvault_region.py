#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_region
short_description: Manage regions in Commvault, and what is in them
description:
  - Creates, changes and deletes a region, and puts servers, storage pools, plans and companies into it.
  - The region of a server decides which destinations of a region-based plan its backups go to, and so where its data may be.
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
    description: Name of the region. The company's own is meant before the provider's.
    type: str
    required: true
  locations:
    description: Places that make up the region, these and no others. Required when the region does not exist yet.
    type: list
    elements: dict
    suboptions:
      city:
        description: City.
        type: str
      state:
        description: State or province.
        type: str
      country:
        description: Country.
        type: str
        required: true
      latitude:
        description: Degrees north; south is negative.
        type: float
        required: true
      longitude:
        description: Degrees east; west is negative.
        type: float
        required: true
  entities:
    description:
      - What is to be in the region. What is in it already and not named here stays.
      - Where they are is read in one request for each group.
    type: list
    elements: dict
    suboptions:
      type:
        description: The kind of things.
        type: str
        choices:
          - client
          - company
          - plan
          - storage_pool
        default: client
      names:
        description: Their names.
        type: list
        elements: str
        required: true
      purpose:
        description: V(backup) says where their backups go, V(workload) where the protected things themselves are.
        type: str
        choices:
          - backup
          - workload
        default: backup
  allow_move:
    description:
      - Whether something that is in another region may be moved to this one, and its data with it.
      - Without this the task fails, says what would move from where, and changes nothing.
    type: bool
    default: false
  state:
    description:
      - V(present) makes sure that the region is there, and that O(entities) are in it.
      - V(absent) deletes it. One that servers or plans use is refused.
    type: str
    choices:
      - present
      - absent
    default: present
seealso:
  - module: calligo.baas.commvault_plan
  - module: calligo.baas.commvault_infrastructure_info
"""

EXAMPLES = r"""
- name: Make a region, and put the provider's storage into it
  calligo.baas.commvault_region:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    name: luxembourg
    locations:
      - city: Luxembourg
        country: Luxembourg
        latitude: 49.61
        longitude: 6.13
    entities:
      - type: storage_pool
        names:
          - lux-pool-01
          - lux-pool-02

- name: Say where the tenant's servers are, and where their backups must stay
  calligo.baas.commvault_region:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    name: luxembourg
    entities:
      - names: "{{ acme_servers }}"
      - names: "{{ acme_servers }}"
        purpose: workload
"""

RETURN = r"""
region:
  description: The region as it is now, or in check mode as it would be.
  returned: when O(state=present)
  type: dict
  contains:
    id:
      description: Its id; missing in check mode for one that does not exist yet.
      type: int
      sample: 43
    name:
      description: Its name.
      type: str
      sample: luxembourg
    company:
      description: Name of the company that it belongs to, where Commvault tells it.
      type: str
      sample: Commcell
    locations:
      description: Its places.
      type: list
      elements: dict
      sample:
        - city: Luxembourg
          country: Luxembourg
          latitude: 49.61
          longitude: 6.13
    servers:
      description: How many servers are in it.
      type: int
      sample: 4
    plans:
      description: How many region-based plans use it.
      type: int
      sample: 1
    entities:
      description: What the task named, one entry for each name.
      returned: when O(entities) was given
      type: list
      elements: dict
      contains:
        type:
          description: The kind of thing.
          type: str
          sample: client
        name:
          description: Its name.
          type: str
          sample: acme-fs01
        purpose:
          description: What its region is about.
          type: str
          sample: backup
        region:
          description: The region that it is in.
          type: str
          sample: luxembourg
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy import region
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run_resource


def main() -> None:
    run_resource(session.OPTIONS.merge(region.OPTIONS), session.connect, region.Region, "region")


if __name__ == "__main__":
    main()
