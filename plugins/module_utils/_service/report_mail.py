# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Which reports go to whom by mail, and what is recorded of each, so that none is sent twice.

A record is made before its mail is sent. One that still says "sending" afterwards is of a mail of which nobody knows whether it was
accepted: it is not sent again unless somebody says so.
"""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import hashlib
import json
import os
import re
import typing as t
from pathlib import Path

from .markup import readable

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]

KIND = "report_mail"
STATES = ("sending", "sent", "not_sent")
SUBJECT = 180
"""The most characters of a subject."""
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
BODY, PAGE = "mail.html", "report.html"


@dataclasses.dataclass(frozen=True)
class Letter:
    """What a mail holds; see Letter in _core/smtp.py."""

    sender: str
    recipient: str
    subject: str
    message_id: str
    date: str
    text: str
    body: str
    page: tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Mail:
    """A report for one address. directory: where its files are. report: the last parts of that, which tell it from others."""

    host: str
    recipient: str
    subject: str
    directory: str
    report: str

    @property
    def label(self) -> str:
        return f"{self.report} to {self.recipient}"

    @property
    def key(self) -> str:
        """What the mail is known by: one a report and address, whatever its letters' case."""
        return hashlib.sha256(f"{self.report}\n{self.recipient.casefold()}".encode()).hexdigest()[:32]

    @property
    def file_name(self) -> str:
        """The name of its record, which nobody else's name is in."""
        return f"{self.key}.json"


def mails(reports: t.Sequence[Given], to: t.Sequence[str], tenants: t.Mapping[str, t.Sequence[str]], subject: str) -> list[Mail]:
    """The mails of reports (host, name, directory): the provider's to its addresses, each tenant's to its own.

    tenants: addresses by inventory host. Raises ValueError for what is no address, and for a tenant that there is no report of.
    """
    if not all({"host", "name", "directory"} <= report.keys() for report in reports):
        raise ValueError("reports: each needs host, name and directory.")
    unknown = sorted(set(tenants) - {report["host"] for report in reports if report["host"]})
    if unknown:
        raise ValueError(f"There is no report of {', '.join(unknown)} to send. Correct the names of the tenants.")
    # Of addresses that differ in case alone the first is kept.
    given = {"": list(to), **{host: list(addresses) for host, addresses in tenants.items()}}
    return [
        _mail(report, recipient, subject)
        for report in reports
        for recipient in {address(one).casefold(): one for one in reversed(given.get(report["host"], []))}.values()
    ]


def _mail(report: Given, recipient: str, subject: str) -> Mail:
    parts = os.path.normpath(report["directory"]).split(os.sep)[-3:]
    whose = report["name"] or parts[1]
    return Mail(report["host"], recipient, line(f"{subject}: {whose}, {parts[-1]}"), report["directory"], "/".join(parts))


def address(text: str) -> str:
    """A mail address, of ASCII letters alone. Raises ValueError for anything else, such as one that would add a header."""
    if not ADDRESS.fullmatch(text):
        raise ValueError(f"{text[:80]!a} is no mail address such as noc@example.com.")
    return text


def line(text: str) -> str:
    """A text as one line of a header: names that others chose may hold line ends, and would add headers of their own."""
    return " ".join("".join(char if char.isprintable() else " " for char in readable(text)).split())[:SUBJECT]


def lists(given: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Addresses by tenant, of which one alone may be given as a text. Raises ValueError for anything else."""
    found = {str(host): [some] if isinstance(some, str) else some for host, some in given.items()}
    wrong = [host for host, some in found.items() if not isinstance(some, list) or not all(isinstance(one, str) for one in some)]
    if wrong:
        raise ValueError(f"tenants: of {wrong[0][:80]!a} a list of addresses is needed.")
    return found


@dataclasses.dataclass(frozen=True)
class Plan:
    """A mail as it is sent and recorded; see Plan in _core/mailing.py. sender: an address."""

    mail: Mail
    sender: str

    @property
    def label(self) -> str:
        """See Mail."""
        return self.mail.label

    @property
    def file_name(self) -> str:
        """See Mail."""
        return self.mail.file_name

    def letter(self, now: datetime.datetime) -> Letter:
        """What is sent. Its number is that of the report and address, by which a mail program knows one that comes twice."""
        mail = self.mail
        return Letter(
            sender=self.sender,
            recipient=mail.recipient,
            subject=mail.subject,
            message_id=f"<{mail.key}@{self.sender.partition('@')[2]}>",
            date=email.utils.format_datetime(now),
            text=f"{mail.subject}\n\nThe report is attached as {PAGE}; open it in a browser.\n",
            body=self._file(BODY),
            page=(PAGE, self._file(PAGE)),
        )

    def _file(self, name: str) -> str:
        return (Path(self.mail.directory) / name).read_text(encoding="utf-8")

    def record(self, state: str, now: datetime.datetime, reason: str = "") -> Row:
        """What is kept of the mail."""
        told = {"report": self.mail.report, "recipient": self.mail.recipient, "subject": self.mail.subject}
        return {"kind": KIND, "state": state, "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"), "reason": readable(reason), **told}

    def parse(self, text: str) -> Row:
        """A record. Raises ValueError for a text that is none, or is of another mail."""
        found = json.loads(text)
        if not isinstance(found, dict) or found.get("kind") != KIND or found.get("state") not in STATES or "reason" not in found:
            raise ValueError("it is no record of a mail")
        if (found.get("report"), str(found.get("recipient")).casefold()) != (self.mail.report, self.mail.recipient.casefold()):
            raise ValueError("it is the record of another mail")
        return found

    def text(self, record: Given) -> str:
        """The text of a record."""
        return json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
