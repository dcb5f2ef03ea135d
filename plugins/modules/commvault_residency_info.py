#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_residency_info
version_added: 0.1.0
short_description: Tell where the data of tenants is, and whether that is where it must stay
description:
  - Tells for each tenant the region of every copy of its plans, storage pool, vCenter, access node, file server, SQL Server and destination of
    restores, whose it is, and whether both are as they must be.
  - Copies, vCenters and servers must be the tenant's own. Storage pools, access nodes and destinations of restores may be the provider's, too, and
    never another tenant's.
  - What nobody tells the region or the owner of is V(unknown), and nothing that is unknown is proven.
  - What cannot be read is no error. It is told in RV(residency.problems).
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  tenants:
    description: What the specifications of tenants name, as P(calligo.baas.tenant_scope#lookup) has it.
    type: list
    elements: dict
    required: true
    suboptions:
      host: {description: Inventory name of the tenant., type: str, required: true}
      name: {description: Name of its company., type: str, required: true}
      alias: {description: Its short name., type: str, required: true}
      region: {description: The region that its data must stay in., type: str, required: true}
      plans: {description: "Its plans, each with C(name).", type: list, elements: dict, required: true}
      vms: {description: The C(folder) of its VMs and their C(groups); nothing for no VMs., type: dict}
      parts: {description: "Subclients of its servers, each with C(kind) and C(client).", type: list, elements: dict, required: true}
  region:
    description: The region that is reported on.
    type: str
    required: true
  vcenter:
    description: The vCenter of the region, as the inventory has it.
    type: dict
    suboptions:
      name: {description: Its name., type: str, required: true}
      region: {description: "Where it is. Without it, its region is known only if Commvault tells it.", type: str}
      address: {description: "Its address, as hypervisors have it, HOST or HOST:PORT.", type: str, required: true}
  restore_test:
    description: Where restores of the region go, as C(baas_region.restore_test) has it. Without it no destination is told.
    type: dict
  output_file:
    description:
      - Where the document goes, on the host that runs the module, for M(calligo.baas.residency_report_files). It is replaced in one step, and left
        alone if it is the same already. Its folder must exist. Without it only the result is returned.
      - In check mode nothing is written.
    type: path
  output_mode:
    description: Permissions of the file.
    type: str
    choices: ["0600", "0640"]
    default: "0600"
seealso:
  - module: calligo.baas.commvault_infrastructure_info
  - module: calligo.baas.residency_report_files
"""

EXAMPLES = r"""
- name: Read where the data of a region's tenants is
  calligo.baas.commvault_residency_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    region: luxembourg
    tenants: "{{ query('calligo.baas.tenant_scope', *groups['region_luxembourg']) }}"
    vcenter: {name: vc-lux, region: luxembourg, address: vc-lux.example.com}
    restore_test: "{{ baas_region.restore_test }}"
  register: known
  failed_when: not known.residency.proven
"""

RETURN = r"""
file:
  description: The document, or what it would be in check mode.
  returned: with O(output_file)
  type: dict
  contains:
    path: {description: The file., type: str, returned: always, sample: /var/lib/baas/residency.json}
    size: {description: Its size in bytes., type: int, returned: always, sample: 48211}
residency:
  description: What it comes to. O(query) is applied to it.
  returned: success
  type: dict
  contains:
    proven: {description: Whether everything is known to be where it must be., type: bool, returned: always, sample: true}
    complete: {description: Whether everything could be read., type: bool, returned: always, sample: true}
    problems: {description: What could not be read., type: list, elements: str, returned: always, sample: []}
    things: {description: How many things were looked at., type: int, returned: always, sample: 48}
    wrong:
      description: A sentence for each that is not proven.
      type: list
      elements: str
      returned: always
      sample: ["Acme Sàrl: storage pool jer-pool-01 of acme-gold, Primary: It is in jersey; the tenant's data must stay in luxembourg."]
"""

import json
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._commvault.tenancy.residency_info import Source
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core import output
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._service import protection_scope, residency

_VCENTER = {"name": {"type": "str", "required": True}, "region": {"type": "str"}, "address": {"type": "str", "required": True}}
SPEC = ArgumentSpec(
    {
        "tenants": {"type": "list", "elements": "dict", "required": True, "options": protection_scope.TENANT},
        "region": {"type": "str", "required": True},
        "vcenter": {"type": "dict", "options": _VCENTER},
        "restore_test": {"type": "dict"},
    }
).merge(output.OPTIONS)


def act(client: Commvault, context: Context) -> dict[str, t.Any]:
    params = context.params
    source = Source(client, {tenant["host"]: tenant["name"] for tenant in params["tenants"]})
    facts = source.read()
    place = {key: params[key] for key in ("vcenter", "restore_test")}
    whole = residency.document(facts, source.problems, params["tenants"], params["region"], place, source.accept_unknown)
    told = {"wrong": residency.sentences(whole), "problems": [row["text"] for row in whole["problems"]], "things": len(whole["things"])}
    result = {"changed": False, "residency": {**told, "proven": whole["proven"], "complete": whole["complete"]}}
    if params["output_file"] is None:
        return result
    text = json.dumps(whole, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    written = context.write_file(params["output_file"], [text], params["output_mode"])
    return {**result, "changed": written.changed, "file": {"path": written.path, "size": written.size}}


def main() -> None:
    run(OPTIONS.merge(SPEC), connect, act, queried="residency")


if __name__ == "__main__":
    main()
