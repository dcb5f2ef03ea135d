# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal: every API request that came in, secrets masked, with what became of it."""

from __future__ import annotations

import collections
import dataclasses as dc
import typing as t

Json = dict[str, t.Any]
SECRETS = ("password", "token", "secret", "passkey", "sessionid", "credential", "key")
NOT_SECRETS = ("keylength", "keyprovider", "workerkey", "usekeys")
LIMIT = 20000


def masked(value: t.Any, name: str = "") -> t.Any:
    """A copy of a body with everything under a secret-sounding name replaced, strings only."""
    if isinstance(value, dict):
        return {key: masked(item, str(key)) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item, name) for item in value]
    lower = name.lower()
    if isinstance(value, str) and value and any(word in lower for word in SECRETS) and lower not in NOT_SECRETS:
        return "********"
    return value


@dc.dataclass
class Entry:
    n: int
    time: float
    method: str
    path: str
    query: Json
    status: int
    writes: bool
    modelled: bool
    connection: int
    route: str
    user: str
    company_id: int
    body: t.Any
    error_code: t.Any


class Journal:
    """Entries since the start or the last clear; counters of requests and connections."""

    def __init__(self) -> None:
        self.entries: collections.deque[Entry] = collections.deque(maxlen=LIMIT)
        self._n = 0
        self._connections: dict[str, int] = {}

    def connection(self, peer: str) -> int:
        """A small number for a TCP connection, told apart by its peer address."""
        return self._connections.setdefault(peer, len(self._connections) + 1)

    def add(self, **fields: t.Any) -> None:
        """Record one request."""
        self._n += 1
        self.entries.append(Entry(n=self._n, **{**fields, "body": masked(fields.get("body"))}))

    def clear(self) -> None:
        """Forget entries and connections; numbers go on."""
        self.entries.clear()
        self._connections.clear()

    def rows(self, since: int = 0) -> list[Json]:
        """Entries with a number above ``since`` as plain dicts."""
        return [dc.asdict(entry) for entry in self.entries if entry.n > since]

    def counters(self) -> Json:
        """Requests by method, by route and by status, writes, unmodelled ones, connections."""
        entries = list(self.entries)
        return {
            "requests": len(entries),
            "writes": sum(entry.writes for entry in entries),
            "unmodelled": sum(not entry.modelled for entry in entries),
            "connections": len({entry.connection for entry in entries}),
            "by_method": dict(collections.Counter(entry.method for entry in entries)),
            "by_route": dict(collections.Counter(f"{entry.method} {entry.route}" for entry in entries)),
            "by_status": dict(collections.Counter(str(entry.status) for entry in entries)),
        }
