# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """A part of a result instead of the whole: the option of module_utils/_core/query.py."""

    DOCUMENTATION = r"""
requirements:
  - jmespath (Python library) on the host that runs the module, for O(query)
options:
  query:
    description:
      - A JMESPath expression that is applied to the result before it is returned. A result with thousands of rows slows down every task
        that follows; this returns only what is needed of it.
      - It is applied to the return value whose description says so, and its outcome is returned under the same name, whatever type that has.
        It is V(null) where the expression finds nothing. The other return values stay, and tell of all that was read.
      - >-
        For instance, of M(calligo.baas.commvault_job_info), V([?outcome=='failed'].{id: id, why: reason}) returns number and reason of the
        jobs that failed as RV(calligo.baas.commvault_job_info#module:jobs), and V(length(@\)) how many jobs were read.
      - >-
        Of M(calligo.baas.vcenter_vm_facts), V([?power_state=='poweredOn'].name) makes C(ansible_facts.vcenter_vms) a list of names, and
        V(sum([].disks[].size_bytes\)) the bytes of all disks.
      - What is no expression is refused before anything is asked of the server.
    type: str
"""
