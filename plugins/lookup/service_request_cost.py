# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_request_cost
author:
  - Calligo (@calligo)
version_added: 0.1.0
short_description: Tell which copies a change of retention is about, what it takes away, and what became of it
description:
  - Tells by the tenant's own specification which copies of its plan a request is about.
  - Tells by what M(calligo.baas.commvault_retention) told of them in check mode how many jobs would be lost, and what is missing.
options:
  _terms:
    description: What is asked for, as P(calligo.baas.service_request#lookup) tells it.
    type: list
    elements: dict
    required: true
  plans:
    description: The tenant's plans.
    type: list
    elements: dict
    required: true
  previews:
    description: The results of M(calligo.baas.commvault_retention) in check mode, one for each copy. Without them only the copies are told.
    type: list
    elements: dict
  begun:
    description: Whether the request was begun before, and so confirmed.
    type: bool
    default: false
  error:
    description: The result with which it failed. Then it is told what becomes of the request.
    type: dict
  waiting:
    description: Whether it failed for what the tenant has not given yet.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Say what a shorter retention takes away
  ansible.builtin.debug:
    msg: "{{ (query('calligo.baas.service_request_cost', asked, plans=baas_plans, previews=looked.results) | first).told }}"
"""

RETURN = r"""
_raw:
  description:
    - C(copies), C(title), and with previews C(lost), C(jobs), C(told), C(shorter) and C(missing).
    - With an error C(status), C(ticket), C(note), C(internal) and C(text).
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.calligo.baas.plugins.module_utils._service import service_request


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:  # noqa: ARG002
        """What a request comes to."""
        asked = terms[0]
        if kwargs.get("error"):
            return [{"title": service_request.title(asked), **service_request.failure(kwargs["error"], bool(kwargs.get("waiting")))}]
        try:
            told = {"title": service_request.title(asked), "copies": service_request.copies(kwargs["plans"], asked)}
            if kwargs.get("previews") is None:
                return [told]
            return [{**told, **service_request.cost(asked, kwargs["plans"], kwargs["previews"], bool(kwargs.get("begun")))}]
        except (ValueError, KeyError, TypeError) as error:
            raise AnsibleLookupError(f"calligo.baas.service_request_cost: {error}") from error
