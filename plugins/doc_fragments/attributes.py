# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What every module of the collection promises."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Can run in check mode and tell what would change; sends no request that writes.
  diff_mode:
    support: full
    description: Shows the object before and after the change when run with C(--diff).
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Only reads, in check mode too.
  diff_mode:
    support: N/A
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing, however often it runs.
"""

    DECLARATIVE = r"""
options: {}
attributes:
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
"""

    ACT = r"""
options: {}
attributes:
  idempotent:
    support: partial
    description: Starts something each time it runs, unless an option says when not to.
"""

    # Not just COMMVAULT and VCENTER: ansible-core takes attributes.commvault for the fragment file of that name, once it is loaded.
    GROUP_COMMVAULT = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/calligo.baas.commvault) in C(module_defaults) to set the connection options once.
    support: full
    membership:
      - calligo.baas.commvault
      - calligo.baas.all
"""

    GROUP_VCENTER = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/calligo.baas.vcenter) in C(module_defaults) to set the connection options once.
    support: full
    membership:
      - calligo.baas.vcenter
      - calligo.baas.all
"""

    GROUP_ITSM = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/calligo.baas.itsm) in C(module_defaults) to say once where tickets are kept.
    support: full
    membership:
      - calligo.baas.itsm
      - calligo.baas.all
"""
