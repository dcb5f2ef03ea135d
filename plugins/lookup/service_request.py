# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: service_request
author:
  - Calligo (@calligo)
version_added: 0.1.0
short_description: Tell whether a service request may be read, and what it asks for
description:
  - Looks at the variables of a request as they came, before any template in them is run, and tells why one of them is refused.
  - Tells what is asked for, and which request of the tenant was begun before and has not ended.
options:
  _terms:
    description: The service that is asked for.
    type: list
    elements: str
    required: true
  journal:
    description: The journal of the tenant's requests, which need not be there yet. Without it none is read.
    type: path
"""

EXAMPLES = r"""
- name: Refuse what no request may hold
  ansible.builtin.assert:
    that: (query('calligo.baas.service_request', 'change_retention') | first).problems | length == 0
"""

RETURN = r"""
_raw:
  description:
    - C(problems), the reasons for which it is refused, each a sentence; C(asked), what is asked for, empty where there are problems; and
      C(unfinished), what was asked for by a request that was begun and has not ended, or null.
  type: list
  elements: dict
"""

import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.calligo.baas.plugins.module_utils._service import service_request


class LookupModule(LookupBase):
    """See DOCUMENTATION."""

    def run(self, terms: t.Any, variables: t.Any = None, **kwargs: t.Any) -> list[dict[str, t.Any]]:
        """What is asked for."""
        service = str(terms[0])
        problems = service_request.problems(service, variables, variables.get("ansible_play_hosts_all") or [])
        asked = {} if problems else service_request.asked(service, variables)
        return [{"problems": problems, "asked": asked, "unfinished": _unfinished(str(kwargs.get("journal") or ""))}]


def _unfinished(path: str) -> dict[str, t.Any] | None:
    if not path or not os.path.exists(path):
        return None
    try:
        with open(path, encoding="utf-8") as stream:
            found = service_request.unfinished(service_request.parsed(path, stream.read()))
    except (OSError, ValueError) as error:
        raise AnsibleLookupError(f"calligo.baas.service_request: {error}") from error
    return None if found is None else dict(found["asked"])
