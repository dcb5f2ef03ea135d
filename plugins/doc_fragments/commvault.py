# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How to reach Commvault: the options of module_utils/_commvault/session.py."""

    DOCUMENTATION = r"""
requirements:
  - requests (Python library) on the host that runs the module
options:
  host:
    description:
      - Commvault's web server or Command Center, as C(https://name) or C(https://name:port); C(https) when no scheme is given.
      - C(http) is refused, since it would send the login in clear; see O(allow_http).
      - If not given, the environment variable E(COMMVAULT_HOST) is used.
    type: str
    required: true
  username:
    description:
      - The user to log in as. A session is opened for the task and closed at its end.
      - If not given, the environment variable E(COMMVAULT_USERNAME) is used.
    type: str
  password:
    description:
      - The password of O(username).
      - If not given, the environment variable E(COMMVAULT_PASSWORD) is used.
    type: str
  token:
    description:
      - A ready access token, with its prefix, instead of O(username) and O(password); it wins when both are given.
      - It is used as it is, neither renewed nor logged out.
      - If not given, the environment variable E(COMMVAULT_TOKEN) is used.
    type: str
  validate_certs:
    description:
      - Whether the server's certificate must be trusted.
      - If not given, the environment variable E(COMMVAULT_VALIDATE_CERTS) is used.
    type: bool
    default: true
  ca_path:
    description:
      - File with the certificates of the authorities to trust, where the system's own do not know the server's.
      - If not given, the environment variable E(COMMVAULT_CA_PATH) is used.
    type: path
  allow_http:
    description:
      - Allow C(http) in O(host) for a server on this machine itself (C(127.0.0.1), C(::1) or C(localhost)), such as a simulator.
      - If not given, the environment variable E(COMMVAULT_ALLOW_HTTP) is used.
    type: bool
    default: false
  api_base_path:
    description:
      - Where the API begins on the server. Older installations answer below C(/webconsole/api).
      - If not given, the environment variable E(COMMVAULT_API_BASE_PATH) is used.
    type: str
    default: /commandcenter/api
  company:
    description:
      - Act inside the company of this name, as its operator. What is created belongs to it, and lists show only what it may see.
      - Mutually exclusive with O(company_id).
    type: str
  company_id:
    description:
      - Act inside the company with this id; saves the look-up of O(company).
    type: int
  accept_unknown_owners:
    description:
      - Inside a company, what belongs to another company is refused, and so is what Commvault does not say the owner of, since that the
        server listed it proves nothing.
      - V(true) takes such a thing for the company's own. It is for servers that never tell owners, and are known to filter rightly.
    type: bool
    default: false
  connect_timeout:
    description: Seconds to wait for a connection.
    type: float
    default: 10.0
  read_timeout:
    description: Seconds to wait for each answer, from the request to the end of the answer.
    type: float
    default: 120.0
  parallel:
    description:
      - How many requests that only read may be under way at a time, each on a connection of its own. It protects the server.
      - Only tasks that read many objects use more than one. What is written goes one after the other, whatever this says.
      - From V(1) to V(64). The setting holds for one task on one host; with many hosts at a time, see C(forks) and C(throttle) too.
    type: int
    default: 8
  planned:
    description:
      - For check mode alone, the names of what earlier tasks of the same run make, as errors call it. Nothing is said about any of them that is
        not there yet, and what else is missing is an error, as it is without check mode; so that a run can be planned as a whole.
      - If not given, check mode warns of whatever is missing.
    type: list
    elements: str
"""
