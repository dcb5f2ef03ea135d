# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client on a scripted wire and a clock that only tests move."""

from __future__ import annotations

import collections
import dataclasses as dc
import json
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.transport import Reply
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context

Json = dict[str, t.Any]
ROOT = "https://commvault.example.com/commandcenter/api"
LOGIN: Json = {"token": "QSDK first"}


@dc.dataclass(frozen=True)
class Sent:
    """One request as the transport got it."""

    method: str
    url: str
    params: t.Any
    headers: t.Mapping[str, str]
    body: t.Any

    @property
    def line(self) -> str:
        """The method and the path below the API's root."""
        return f"{self.method} {self.url.removeprefix(ROOT)}"


class FakeClock:
    """Time stands still but for sleeping, which takes none."""

    def __init__(self) -> None:
        self.now = 0.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        """Seconds."""
        return self.now

    def sleep(self, seconds: float, /) -> None:
        """Move on at once."""
        self.sleeps.append(seconds)
        self.now += seconds


class ScriptedTransport:
    """Gives its answers in turn, whatever is asked: a body, (status, body), (status, body, headers), or an exception to raise."""

    def __init__(self, *answers: t.Any) -> None:
        self.answers = collections.deque(answers)
        self.sent: list[Sent] = []
        self.closed = False

    def send(self, method: str, url: str, params: t.Any, headers: t.Mapping[str, str], body: t.Any) -> Reply:
        """Answer one request."""
        self.sent.append(Sent(method, url, params, headers, body))
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        status, content, more = (*answer, {})[:3] if isinstance(answer, tuple) else (200, answer, {})
        return Reply(status, more, content if isinstance(content, str) else json.dumps(content))

    def close(self) -> None:
        """Remembered."""
        self.closed = True


def scripted_client(
    *answers: t.Any, logged_in: bool = True, check_mode: bool = False, warn: t.Callable[[str], None] = lambda text: None, **options: t.Any
) -> tuple[Commvault, ScriptedTransport, FakeClock]:
    """A client with user and password, in a run or a check run; with logged_in its login comes first in the script by itself."""
    context = Context.of({}, check_mode, warn)
    wire = ScriptedTransport(*([LOGIN] if logged_in else []), *answers)
    clock = FakeClock()
    settings = {
        "user": "baas-automation",
        "password": "correct horse",
        "warn": warn,
        "missing": context.missing,
        "permit": context.permit,
        **options,
    }
    return Commvault(t.cast(t.Any, wire), ROOT, clock=clock, **settings), wire, clock
