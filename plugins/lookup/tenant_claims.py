# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tenant_claims
author:
  - Calligo (@calligo)
version_added: 0.1.0
short_description: Tell which folder and which servers are whose in the inventory
description:
  - Tells which folder and which servers are whose, as the variables C(baas_tenant), C(baas_vm_backup), C(baas_file_backup),
    C(baas_sql_backup) and C(baas_region) of the hosts in the groups C(tenants) and C(regions) have it.
  - What is given to a run with C(--extra-vars) is not the inventory's, and left out.
  - P(calligo.baas.preflight_problems#filter) compares a tenant with it.
options: {}
"""

EXAMPLES = r"""
- name: Read whose folders and servers the inventory has
  ansible.builtin.set_fact:
    known: "{{ query('calligo.baas.tenant_claims') }}"
  run_once: true
"""

RETURN = r"""
_raw:
  description: For each tenant and region C(host), C(name), C(alias), C(vcenter), C(folder) and C(servers). Nothing of it is secret.
  type: list
  elements: dict
"""

import typing as t

from ansible.parsing.dataloader import DataLoader
from ansible.plugins.lookup import LookupBase
from ansible.utils.vars import load_extra_vars

from ansible_collections.calligo.baas.plugins.module_utils._service import tenants


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:  # noqa: ARG002
        """The claims of the inventory."""
        groups = variables["groups"]
        # What is given to a run beside the inventory is seen on every host, and says nothing of the others.
        given = load_extra_vars(t.cast(DataLoader, self._loader)).keys() - {"baas_tenant"}
        known = {
            host: {key: variables["hostvars"][host].get(key) for key in tenants.VARIABLES if key not in given}
            for host in {*(groups.get("tenants") or []), *(groups.get("regions") or [])}
        }
        return tenants.claims(known, groups.get("tenants") or [], groups.get("regions") or [])
