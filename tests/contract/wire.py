# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our modules and the simulator said to each other: taken down where the client hands it to its transport, and nowhere changed."""

from __future__ import annotations

import copy
import dataclasses as dc
import re
import typing as t
import urllib.parse

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.transport import Transport

Json = dict[str, t.Any]
VERSIONED = re.compile(r"/V[45]/", re.IGNORECASE)


@dc.dataclass(frozen=True)
class Exchange:
    """One request and its reply. path: below the API's root, decoded. query: the names of its parameters."""

    method: str
    path: str
    query: tuple[str, ...]
    request: t.Any
    status: int
    reply: t.Any

    @property
    def versioned(self) -> bool:
        """Whether it is one of the V4 and V5 calls, which the vendor's document describes."""
        return bool(VERSIONED.match(self.path))


class Wire:
    """Everything that went over the transport while it is watched."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def watch(self, patch: pytest.MonkeyPatch) -> None:
        """Listen until the patch is undone."""
        send = Transport.send

        def listen(transport: Transport, method: str, url: str, params: t.Any, headers: t.Mapping[str, str], body: t.Any) -> t.Any:
            reply = send(transport, method, url, params, headers, body)
            path = re.sub(r"^/(commandcenter|webconsole)/api", "", urllib.parse.unquote(urllib.parse.urlsplit(url).path))
            names = tuple(params if isinstance(params, dict) else dict(params or ()))
            self.exchanges.append(Exchange(method, path, names, copy.deepcopy(body), reply.status, reply.json()))
            return reply

        patch.setattr(Transport, "send", listen)

    def take(self) -> list[Exchange]:
        """What was said since the last time this was asked."""
        taken, self.exchanges = self.exchanges, []
        return taken
