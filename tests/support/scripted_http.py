# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for the Commvault server below the client: answers come from a script, and what was asked is kept."""

from __future__ import annotations

import collections
import dataclasses as dc
import json
import typing as t
import urllib.parse

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.transport import Reply
from ansible_collections.calligo.baas.tests.support.modules import run_module

if t.TYPE_CHECKING:
    import pytest

Json = dict[str, t.Any]
ROOT = "/commandcenter/api"
CONNECTION: Json = {"host": "commvault.example.com", "username": "baas-automation", "password": "correct horse"}
READS = ("/Login", "/Logout")


@dc.dataclass(frozen=True)
class Call:
    """One request; ``path`` is decoded and relative to the API root."""

    method: str
    path: str
    params: Json
    body: t.Any
    headers: t.Mapping[str, str]


class ScriptedHttp:
    """Answers by method and path; anything that is not in the script fails the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[Call] = []
        self._answers: dict[tuple[str, str], collections.deque[tuple[int, t.Any]]] = {}
        self.on("POST", "/Login", {"token": "QSDK scripted"})
        self.on("POST", "/Logout", "Logout successful")
        monkeypatch.setattr(session, "Transport", lambda *_arguments: self)

    def on(self, method: str, path: str, *answers: t.Any) -> None:
        """Set the answers to a call, in turn; the last one stays. An answer is a body, or a pair of status and body."""
        pairs = [answer if isinstance(answer, tuple) else (200, answer) for answer in answers]
        self._answers[method, path.casefold()] = collections.deque(pairs)

    @property
    def writes(self) -> list[Call]:
        """The calls that change something."""
        return [call for call in self.calls if call.method != "GET" and call.path not in READS]

    def asked(self) -> list[str]:
        """All calls as ``METHOD path``."""
        return [f"{call.method} {call.path}" for call in self.calls]

    def run(self, module: str, options: Json, *, check: bool = False) -> Json:
        """Run a module from a clean list of calls; a failed result is a result too."""
        self.calls.clear()
        return run_module(module, {**CONNECTION, **options}, check=check)

    # What a transport does

    def send(self, method: str, url: str, params: t.Any, headers: t.Mapping[str, str], body: t.Any) -> Reply:
        """Answer one request."""
        path = urllib.parse.unquote(urllib.parse.urlsplit(url).path).removeprefix(ROOT)
        call = Call(method, path, dict(params or {}), body, headers)
        self.calls.append(call)
        answers = self._answers.get((method, path.casefold()))
        if not answers:
            raise AssertionError(f"not in the script: {call}")
        status, answer = answers.popleft() if len(answers) > 1 else answers[0]
        return Reply(status, {}, answer if isinstance(answer, str) else json.dumps(answer))

    def close(self) -> None:
        """Nothing to close."""
