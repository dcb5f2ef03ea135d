#!/usr/bin/python
# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_storage_pool_info
short_description: Read storage pools of Commvault
description:
  - Tells of each storage pool whether it encrypts, how full it is, where it is, how it is locked, and which plans keep how long on it.
  - A name that does not exist is a result and not an error.
version_added: 0.1.0
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  names:
    description: Names of storage pools; all if not given. Each costs three requests.
    type: list
    elements: str
seealso:
  - module: calligo.baas.commvault_infrastructure_info
  - module: calligo.baas.commvault_plan_info
"""

EXAMPLES = r"""
- name: Look at all storage pools
  calligo.baas.commvault_storage_pool_info:
    host: https://commvault.example.com
    username: baas-automation
    password: "{{ commvault_password }}"
  register: known

- name: Name pools that are nearly full
  ansible.builtin.debug:
    msg: "{{ known.storage_pools | selectattr('free_bytes', 'lt', 1099511627776) | map(attribute='name') }}"
"""

RETURN = r"""
storage_pools:
  description: The storage pools. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Its id., type: int, sample: 115}
    name: {description: Its name., type: str, sample: lux-pool-01}
    company: {description: The company that owns it; null for the provider., type: str}
    kind: {description: "V(disk), V(cloud), V(hyperscale) or V(tape).", type: str, sample: disk}
    status: {description: Its state in Commvault's words., type: str, sample: Online}
    region: {description: Its region; null where it has none., type: str, sample: luxembourg}
    encryption:
      description: How it encrypts what it stores; null where Commvault does not tell.
      type: dict
      contains:
        enabled: {description: Whether it does., type: bool, sample: true}
        cipher: {description: The cipher; null where it does not., type: str, sample: AES}
        key_length: {description: Bits of the key; null where it does not., type: int, sample: 256}
        key_provider: {description: Who keeps the key; null where it does not., type: str, sample: Built-in}
    capacity_bytes: {description: How much it can hold., type: int, sample: 109951162777600}
    free_bytes: {description: How much of that is free., type: int, sample: 65970697666560}
    used_bytes: {description: How much it takes on the disks., type: int, sample: 43980465111040}
    locks:
      description: "Locks that forbid to delete early: V(compliance), V(worm), V(object), V(bucket)."
      type: list
      elements: str
      sample: [compliance, bucket]
    copies:
      description: The backup destinations on it.
      type: list
      elements: dict
      contains:
        plan: {description: Name of the plan., type: str, sample: acme-gold}
        destination: {description: Name of the destination., type: str, sample: Primary}
        destination_id: {description: Its id., type: int, sample: 172}
        retention_days: {description: Days in effect; -1 is infinite., type: int, sample: 30}
        extended_retention:
          description: Rules for full backups that are kept longer.
          type: list
          elements: dict
          sample: [{type: monthly_fulls, retention_days: 365}]
        backups_to_copy: {description: Which backups it takes., type: str, sample: all}
        snapshot: {description: Whether it holds snapshots., type: bool, sample: false}
missing:
  description: Names that do not exist, or that this user cannot see.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.plans import info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(
        session.OPTIONS.merge(info.POOL_OPTIONS),
        session.connect,
        lambda client, context: info.read_pools(client, context.params),
        queried="storage_pools",
    )


if __name__ == "__main__":
    main()
