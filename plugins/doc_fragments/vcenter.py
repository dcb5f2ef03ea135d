# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How to reach vCenter: the options of module_utils/_vcenter/session.py."""

    DOCUMENTATION = r"""
requirements:
  - pyvmomi (Python library) 8.0.3 or newer on the host that runs the module
  - vCenter 7.0 or newer
options:
  hostname:
    description:
      - Name or address of the vCenter, without scheme and port.
      - If not given, the environment variable E(VMWARE_HOST) is used.
    type: str
    required: true
  username:
    description:
      - The user to log in as, with its domain, such as V(svc-baas@vsphere.local).
      - The role Read-only, propagated from the root, is enough for modules that only read.
      - If not given, the environment variable E(VMWARE_USER) is used.
    type: str
    required: true
  password:
    description:
      - The password of O(username).
      - If not given, the environment variable E(VMWARE_PASSWORD) is used.
    type: str
    required: true
  port:
    description:
      - The port of the vCenter's API.
      - If not given, the environment variable E(VMWARE_PORT) is used.
    type: int
    default: 443
  validate_certs:
    description:
      - Whether the server's certificate must be trusted.
      - If not given, the environment variable E(VMWARE_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificates of the authorities to trust, where the system's own do not know the server's.
    type: path
  connect_timeout:
    description:
      - Seconds to wait for a connection.
    type: float
    default: 30
"""
