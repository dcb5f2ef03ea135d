# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The extract of the V4 and V5 operations that this collection uses, in words of its own (operations.yml)."""

from __future__ import annotations

import dataclasses as dc
import functools
import re
import typing as t
from pathlib import Path

import yaml

from ansible_collections.calligo.baas.tests.contract.wire import Exchange

Json = dict[str, t.Any]
FILE = Path(__file__).resolve().parent / "operations.yml"


@dc.dataclass(frozen=True)
class Operation:
    """One operation. request and reply: keys that the client sends and reads. source: where else than in the document it is described."""

    method: str
    path: str
    purpose: str
    request: tuple[str, ...]
    reply: tuple[str, ...]
    source: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def matches(self, method: str, path: str) -> bool:
        """Whether a call is this operation; paths are compared without regard to case."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path))
        return method == self.method and re.fullmatch(pattern + "/?", path, re.IGNORECASE) is not None


@functools.cache
def every() -> tuple[Operation, ...]:
    """All of them, the most literal paths first."""
    rows: list[Json] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    found = [
        Operation(row["method"], row["path"], row["purpose"], tuple(row.get("request", ())), tuple(row.get("reply", ())), row["source"])
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: one.path.count("{")))


def find(method: str, path: str) -> Operation | None:
    """The operation that a call is, or None."""
    return next((one for one in every() if one.matches(method, path)), None)


def keys(node: t.Any) -> set[str]:
    """All keys of a body, at any depth."""
    if isinstance(node, dict):
        return set(node).union(*map(keys, node.values()))
    return set().union(*map(keys, node)) if isinstance(node, list) else set()


def strange(exchange: Exchange) -> str | None:
    """What the extract does not say of a request, or None."""
    found = find(exchange.method, exchange.path)
    if found is None:
        return f"{exchange.method} {exchange.path}"
    extra = (keys(exchange.request) | set(exchange.query)) - set(found.request)
    return f"{found.name}: {', '.join(sorted(extra))}" if extra else None
