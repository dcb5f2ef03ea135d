# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: specification_findings
author:
  - Calligo (@calligo)
version_added: 0.1.0
short_description: Tell what is wrong with the specifications of tenants, with file and line
description:
  - Checks the variables C(baas_tenant), C(baas_plans), C(baas_vm_backup), C(baas_file_backup), C(baas_sql_backup) and C(baas_region) of
    tenants and regions whole, and tells everything that is wrong at once. Only the inventory is read, neither Commvault nor vCenter.
  - Parts that are missing, misspelt or of another type; plans, copies, storage pools and hosts that are referred to and not there; what one
    specification has twice; what stands outside the tenant's region; and companies, aliases, folders and servers that another tenant of the
    inventory, or the provider, has as well.
  - What is encrypted and what an argument specification calls secret is not read, and in no finding. Nothing is said of the former.
  - A region is a host of the group C(regions). A tenant is one of the group C(tenants), or any other in O(_terms).
options:
  _terms:
    description: Inventory names of the tenants and regions; all if there are none. They are compared with all in any case.
    type: list
    elements: str
seealso:
  - plugin: calligo.baas.tenant_claims
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Say what is wrong with the specification of a tenant
  ansible.builtin.debug:
    msg: "{{ query('calligo.baas.specification_findings', 'acme') }}"
"""

RETURN = r"""
_raw:
  description:
    - For each finding C(tenant), its host in the inventory; C(variable); C(what) is wrong; the C(way_out); C(file) and C(line), null where
      ansible-core does not tell.
  type: list
  elements: dict
  sample:
    - tenant: acme
      variable: baas_vm_backup.groups[0].plan
      what: The plan acme-gldo of acme-vms is not among the tenant's plans.
      way_out: Did you mean acme-gold?
      file: /srv/inventories/production/host_vars/acme/vm_backup.yml
      line: 5
"""

import dataclasses
import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.lookup import LookupBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.calligo.baas.plugins.module_utils._service import specification
from ansible_collections.calligo.baas.plugins.module_utils._service.specification_shape import HIDDEN
from ansible_collections.calligo.baas.plugins.plugin_utils import specification_reading as reading


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:  # noqa: ARG002
        """The findings."""
        groups = variables["groups"]
        regions = list(groups.get("regions") or [])
        asked = [str(term) for term in terms if term in groups["all"]]
        tenants = list(dict.fromkeys([*(groups.get("tenants") or []), *(host for host in asked if host not in regions)]))
        raws, beside = self._raw(variables, [*tenants, *regions], asked)
        known = {host: specification.host({}) for host in groups["all"]}
        known |= {host: reading.host(raw, t.cast(t.Any, self._templar), beside) for host, raw in raws.items()}
        found = specification.findings(known, tenants, regions, asked if terms else raws)
        secrets = reading.secrets({**raw, "hostvars": None} for raw in raws.values()) if found else set()
        return [{key: _told(value, secrets) for key, value in dataclasses.asdict(finding).items()} for finding in found]

    def _raw(self, variables: t.Any, hosts: t.Iterable[str], asked: t.Iterable[str]) -> tuple[dict[str, dict[str, t.Any]], set[str]]:
        """The variables of hosts, not templated; and the names of those that the inventory does not have, but the run.

        What is given to a run beside the inventory is seen on every host, and says nothing of the others.
        """
        hostvars = variables["hostvars"]
        raws = {host: {**hostvars.raw_get(host), "hostvars": hostvars} for host in hosts}
        play = reading.of_play(variables, raws.get(variables["inventory_hostname"], {}))
        for host in asked:
            raws[host] = {**play, **raws[host]}
        return raws, {*load_extra_vars(t.cast(DataLoader, self._loader)), *play}


def _told(value: t.Any, secrets: t.Iterable[str]) -> t.Any:
    """A text without what is secret."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, HIDDEN)
    return value
