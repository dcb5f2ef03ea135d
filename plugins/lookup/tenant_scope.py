# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: tenant_scope
author:
  - Calligo (@calligo)
version_added: 0.1.0
short_description: Tell what the specifications of tenants name
description:
  - Tells which systems the specifications of tenants name, and what their plans promise, as the variables C(baas_tenant), C(baas_plans),
    C(baas_vm_backup), C(baas_file_backup) and C(baas_sql_backup) have it. Nothing of it is secret.
  - Tenants whose service has ended are left out.
options:
  _terms:
    description: Inventory names of the tenants.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Read what a tenant has signed off
  ansible.builtin.debug:
    msg: "{{ query('calligo.baas.tenant_scope', 'acme') }}"
"""

RETURN = r"""
_raw:
  description: For each tenant what the option C(tenants) of M(calligo.baas.commvault_protection_info) takes.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.calligo.baas.plugins.module_utils._service import protection_scope


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:  # noqa: ARG002
        """The scope of each tenant."""
        try:
            return protection_scope.scope(variables["hostvars"], [str(term) for term in terms])
        except (ValueError, KeyError, TypeError) as error:
            raise AnsibleLookupError(f"calligo.baas.tenant_scope: {error}") from error
