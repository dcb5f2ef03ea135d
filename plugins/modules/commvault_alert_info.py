#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: commvault_alert_info
version_added: 0.1.0
short_description: Look at the alerts that Commvault triggered
description:
  - Tells alerts, newest first, such as those for failed jobs. They are neither marked as read nor deleted by that.
  - All alerts come with one request, and are filtered here. Texts are without HTML. They come from outside, so treat them as such.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.commvault
  - calligo.baas.query
  - calligo.baas.attributes.info
  - calligo.baas.attributes.group_commvault
options:
  severities:
    description: Only alerts of these severities.
    type: list
    elements: str
    choices: [critical, major, information, auto_pick]
  clients:
    description: Only alerts about these clients.
    type: list
    elements: str
  read:
    description: Only alerts that somebody has read already, or with V(false) that nobody has.
    type: bool
  since:
    description: Only alerts from this time on, in ISO 8601; in UTC if it names no zone.
    type: str
  descriptions:
    description: Whether to tell the whole text of each alert that is shown. One more request for each.
    type: bool
    default: false
  limit:
    description: The most alerts to return. RV(counts) counts all that meet the filters.
    type: int
seealso:
  - module: calligo.baas.commvault_job_info
"""

EXAMPLES = r"""
- name: Look at what nobody has read yet
  calligo.baas.commvault_alert_info:
    host: cv.example.com
    username: backup-automation
    password: "{{ commvault_password }}"
    company: Acme Sàrl
    read: false
    severities: [critical, major]
    descriptions: true
    limit: 20
  register: alerts
"""

RETURN = r"""
alerts:
  description: The alerts, newest first. O(query) is applied to it.
  returned: success
  type: list
  elements: dict
  contains:
    id: {description: Its id., type: int, sample: 9001}
    severity: {description: See O(severities)., type: str, sample: critical}
    name: {description: Its name., type: str, sample: Backup failed}
    type: {description: "Its kind, in Commvault's words.", type: str, sample: Job Management - Data Protection}
    criterion: {description: "What was detected, in Commvault's words.", type: str, sample: Job Failed}
    time: {description: "When, in UTC.", type: str, sample: "2026-11-24T03:21:40Z"}
    client: {description: Name of the client that it is about., type: str, sample: acme-fs01}
    company: {description: The company that it belongs to; null for the provider., type: str, sample: Acme Sàrl}
    company_id: {description: The id of that; 0 for the provider., type: int}
    job: {description: The job that it is about., type: int, sample: 1207}
    read: {description: Whether somebody has read it., type: bool}
    notes: {description: What somebody noted., type: str}
    description: {description: "Its text without HTML, at most 4000 characters.", returned: if O(descriptions=true), type: str}
counts:
  description: How many alerts meet the filters, in all, unread, and by severity.
  returned: success
  type: dict
  sample: {total: 2, unread: 1, by_severity: {critical: 2}}
"""

from ansible_collections.calligo.baas.plugins.module_utils._commvault.jobs import alert_info
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.session import OPTIONS, connect
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import run


def main() -> None:
    run(OPTIONS.merge(alert_info.OPTIONS), connect, lambda client, context: alert_info.describe(client, context.params), queried="alerts")


if __name__ == "__main__":
    main()
