# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Tickets as files: a directory with a YAML record for each, for a site without a ticket system, and for tests."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import typing as t

from .._core.errors import BaasError
from .._core.records import RecordFiles, Run
from . import record
from .tickets import Decide, Ticket

NAME = r"[a-z0-9-]*[0-9a-f]{16}-[1-9][0-9]{0,5}\.yml"
_SLUG = 40


class TicketFiles:
    """A Desk (see there) in one directory."""

    def __init__(self, directory: str, run: Run) -> None:
        self._files = RecordFiles(directory, "tickets", NAME, run)

    def find(self, tenant: str, identity: str) -> Ticket | None:
        count = self._count(tenant, identity)
        return self._read(f"{_stem(tenant, identity)}-{count}") if count else None

    def every(self) -> t.Iterator[Ticket]:
        return (self._read(name.removesuffix(".yml")) for name in self._files.names())

    def require_writable(self) -> None:
        self._files.require_writable()

    def link(self, ticket: Ticket) -> str:
        return self._files.path(f"{ticket.number}.yml")

    def change(self, tenant: str, identity: str, decide: Decide) -> tuple[Ticket | None, Ticket | None]:
        with self._files.locked():
            seen = self.find(tenant, identity)
            wanted = decide(seen)
            if wanted is None or wanted is seen:
                return seen, seen
            number = wanted.number or f"{_stem(tenant, identity)}-{self._count(tenant, identity) + 1}"
            return seen, self._write(dataclasses.replace(wanted, number=number))

    def _write(self, ticket: Ticket) -> Ticket:
        text = record.written(ticket)
        if record.read(text) != ticket:
            raise BaasError(f"The ticket {ticket.number} would not be read as it is written, so it was not. Please report it.")
        return self._files.write(f"{ticket.number}.yml", text, record.read)

    def _count(self, tenant: str, identity: str) -> int:
        """The last of the numbers that count the tickets about one thing; 0 for none."""
        start = f"{_stem(tenant, identity)}-"
        counts = [name.removeprefix(start).removesuffix(".yml") for name in self._files.names() if name.startswith(start)]
        return max((int(count) for count in counts if count.isdecimal()), default=0)

    def _read(self, number: str) -> Ticket:
        def parse(text: str) -> Ticket:
            ticket = record.read(text)
            if (ticket.number, _stem(ticket.tenant, ticket.identity)) != (number, number.rpartition("-")[0]):
                raise ValueError("it is about something else than its name says")
            return ticket

        return self._files.read(f"{number}.yml", parse)


def _stem(tenant: str, identity: str) -> str:
    """How the names of files about one thing begin: for people to see, and for its hash to tell apart."""
    digest = hashlib.sha256(f"{tenant}\0{identity}".encode()).hexdigest()[:16]
    slug = re.sub(r"[^a-z0-9]+", "-", f"{tenant} {identity}".lower()).strip("-")[:_SLUG].strip("-")
    return f"{slug}-{digest}" if slug else digest
