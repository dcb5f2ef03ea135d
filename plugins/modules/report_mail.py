#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: report_mail
version_added: 0.1.0
short_description: Send reports by e-mail, each once to each address
description:
  - Sends C(mail.html) of each report as the body of a mail, with C(report.html) attached, one mail for each address.
  - Keeps a record of each mail, which is written before it is sent. What was sent is never sent again. What may have been sent, since the run was
    killed or the connection broke just then, is an error that names it, and is sent again only with O(send_again).
  - Nothing is sent before the server's certificate was verified, whether with STARTTLS or TLS from the start. M(community.general.mail) has Python's
    default for STARTTLS, which encrypts and verifies nothing, so that whoever is in between reads the password and the reports. It has no
    check mode either.
  - Subjects are made one line, whatever names hold. What is no mail address is refused.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
attributes:
  diff_mode:
    support: full
options:
  host:
    description: Name of the mail server, as its certificate has it.
    type: str
    required: true
  port:
    description: Its port.
    type: int
    default: 587
  security:
    description: Whether the connection is made secure by STARTTLS, or is so from the start. Without either nothing is sent.
    type: str
    choices: [starttls, tls]
    default: starttls
  username:
    description: User to log in as. Without it there is no login.
    type: str
  password:
    description: Password of the user.
    type: str
  ca_path:
    description: File with the certificates of the authorities to trust, instead of those of the system.
    type: path
  timeout:
    description: Seconds to wait for each answer.
    type: float
    default: 30.0
  sender:
    description: The address that mails are from.
    type: str
    required: true
  reports:
    description: "The reports, each with C(host), C(name) and C(directory), as M(calligo.baas.daily_report_files) returns them."
    type: list
    elements: dict
    required: true
  to:
    description: Who gets the provider's report.
    type: list
    elements: str
    default: []
  tenants:
    description: Who gets a tenant's report, a list of addresses by the tenant's inventory name.
    type: dict
    default: {}
  subject:
    description: How the subject begins; whose report it is and its day follow.
    type: str
    default: Backups
  directory:
    description:
      - The directory of the records, with its whole path. It has to be there already; one that is only not mounted must not be taken for one
        without records, and everything be sent a second time.
    type: path
    required: true
  send_again:
    description: Whether to send again what may have been sent already.
    type: bool
    default: false
seealso:
  - module: calligo.baas.daily_report_files
"""

EXAMPLES = r"""
- name: Send the reports of a region
  calligo.baas.report_mail:
    host: smtp.example.com
    username: baas-reports
    password: "{{ smtp_password }}"
    sender: baas@example.com
    reports: "{{ written.reports }}"
    to: [noc@example.com]
    tenants:
      acme: [lea.weber@acme.example]
    directory: /var/lib/baas/reports/mails
"""

RETURN = r"""
mails:
  description: The mails of these reports.
  returned: success
  type: list
  elements: dict
  contains:
    report: {description: "Which report, by the last parts of its directory.", type: str, returned: always, sample: tenants/acme/2026-11-24}
    recipient: {description: To whom., type: str, returned: always, sample: lea.weber@acme.example}
    state:
      description: V(sent), V(not_sent) where the server refused it, or V(sending) where nobody knows whether it was accepted.
      type: str
      returned: always
      sample: sent
    time: {description: "When it came to that, in UTC.", type: str, returned: always, sample: "2026-11-24T06:00:12Z"}
    reason: {description: Why it was not sent., type: str, returned: always, sample: ""}
    changed: {description: Whether it was sent now., type: bool, returned: always, sample: true}
"""

import contextlib
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core import smtp
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import as_input
from ansible_collections.calligo.baas.plugins.module_utils._core.mailing import Mailing
from ansible_collections.calligo.baas.plugins.module_utils._core.records import RecordFiles
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run_work
from ansible_collections.calligo.baas.plugins.module_utils._service import report_mail

SPEC = smtp.OPTIONS.merge(
    ArgumentSpec(
        {
            "sender": {"type": "str", "required": True},
            "reports": {"type": "list", "elements": "dict", "required": True},
            "to": {"type": "list", "elements": "str", "default": []},
            "tenants": {"type": "dict", "default": {}},
            "subject": {"type": "str", "default": "Backups"},
            "directory": {"type": "path", "required": True},
            "send_again": {"type": "bool", "default": False},
        }
    )
)


@contextlib.contextmanager
def connect(context: Context) -> t.Iterator[tuple[smtp.Mailer, RecordFiles]]:
    with contextlib.closing(smtp.Mailer(context.params)) as mailer:
        yield mailer, RecordFiles(context.params["directory"], "records of mails", r"[0-9a-f]{32}\.json", context)


def bind(session: tuple[smtp.Mailer, RecordFiles], context: Context) -> Mailing:
    params = context.params
    with as_input():
        sender = report_mail.address(params["sender"])
        mails = report_mail.mails(params["reports"], params["to"], report_mail.lists(params["tenants"]), params["subject"])
    return Mailing(*session, [report_mail.Plan(mail, sender) for mail in mails], params["send_again"])


def main() -> None:
    run_work(SPEC, connect, bind)


if __name__ == "__main__":
    main()
