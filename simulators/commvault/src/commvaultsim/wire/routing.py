# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a path to a handler: templates, without regard to case, double slashes collapsed, under both API roots."""

from __future__ import annotations

import dataclasses as dc
import importlib
import pkgutil
import re
import typing as t
from urllib.parse import unquote

if t.TYPE_CHECKING:
    from commvaultsim.state.simulator import Simulator

Json = dict[str, t.Any]
BASES = ("/commandcenter/api", "/webconsole/api")
PACKAGE = "commvaultsim"


@dc.dataclass
class Request:
    """One API call. ``path`` is relative to the API root; ``headers`` have lower-case names; ``company_id`` is the tenant in effect."""

    method: str
    path: str
    params: dict[str, str] = dc.field(default_factory=dict)
    query: dict[str, list[str]] = dc.field(default_factory=dict)
    headers: dict[str, str] = dc.field(default_factory=dict)
    body: t.Any = dc.field(default_factory=dict)
    user: str = ""
    user_id: int = 0
    company_id: int = 0
    base: str = BASES[0]

    def q(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter, its name compared without case."""
        for key, values in self.query.items():
            if key.lower() == name.lower() and values:
                return values[0]
        return default

    def qall(self, name: str) -> list[str]:
        """Every value of a query parameter that may be repeated, such as fq."""
        return [value for key, values in self.query.items() if key.lower() == name.lower() for value in values]

    def number(self, name: str, default: int = 0) -> int:
        """A path parameter or query parameter as an integer; ``default`` when it is absent or not a number."""
        raw = self.params.get(name) or self.q(name) or ""
        try:
            return int(raw)
        except ValueError:
            return default


@dc.dataclass
class Reply:
    """An answer: a dict or list is sent as JSON, text as it is, None as an empty body."""

    body: t.Any = None
    status: int = 200
    content_type: str = ""
    headers: dict[str, str] = dc.field(default_factory=dict)


class Refusal(Exception):
    """Raised by a handler to answer at once with an error reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(str(reply.body))
        self.reply = reply


Handler = t.Callable[["Simulator", Request], "Reply | Json"]


@dc.dataclass(frozen=True)
class Route:
    method: str
    template: str
    pattern: re.Pattern[str]
    handler: Handler
    auth: bool
    writes: bool


_ROUTES: list[Route] = []
_PARAM = re.compile(r"\{(\w+)(:int)?\}")


def _compile(template: str) -> re.Pattern[str]:
    out, last = "", 0
    for match in _PARAM.finditer(template):
        out += re.escape(template[last : match.start()])
        out += f"(?P<{match.group(1)}>" + (r"-?\d+" if match.group(2) else "[^/]+?") + ")"
        last = match.end()
    return re.compile(out + re.escape(template[last:]) + "/?", re.IGNORECASE)


def route(method: str, *templates: str, auth: bool = True, writes: bool | None = None) -> t.Callable[[Handler], Handler]:
    """Serve one or more path templates with the decorated function.

    ``{name}`` matches a segment (or a part of one, for ``byName(clientName='{name}')``), ``{id:int}`` digits only.
    ``writes`` says whether the journal counts the call as a write; the default is: everything but GET and HEAD.
    """

    def register(handler: Handler) -> Handler:
        for template in templates:
            counted = method not in ("GET", "HEAD") if writes is None else writes
            _ROUTES.append(Route(method, template, _compile(template), handler, auth, counted))
        # The most literal template wins: /V4/VmGroup/Preview before /V4/VmGroup/{id}.
        _ROUTES.sort(key=lambda r: (r.template.count("{"), r.template.count("{") - 2 * r.template.count(":int}"), -len(r.template)))
        return handler

    return register


def load_handlers() -> list[Route]:
    """Import every module of every room, the sandbox aside, and answer the routes; importing twice is harmless."""
    for room in pkgutil.iter_modules(importlib.import_module(PACKAGE).__path__, f"{PACKAGE}."):
        if room.ispkg and room.name != f"{PACKAGE}.sandbox":
            for info in pkgutil.iter_modules(importlib.import_module(room.name).__path__, f"{room.name}."):
                importlib.import_module(info.name)
    return list(_ROUTES)


def relative_path(raw_path: str) -> tuple[str, str] | None:
    """Split a raw (still percent-encoded) path into API root and the rest; None when it is under neither root.

    An encoded slash belongs to a name, so it survives until the parameters are cut out.
    """
    path = unquote(re.sub("%2f", "%252F", raw_path, flags=re.IGNORECASE))
    path = re.sub("/{2,}", "/", path)
    for base in BASES:
        if path.lower() == base or path.lower().startswith(base + "/"):
            return base, path[len(base) :] or "/"
    return None


def match(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route for a relative path with its parameters, or None. HEAD is served like GET."""
    wanted = "GET" if method == "HEAD" else method
    for candidate in _ROUTES:
        if candidate.method != wanted:
            continue
        found = candidate.pattern.fullmatch(path)
        if found:
            return candidate, {key: value.replace("%2F", "/") for key, value in found.groupdict().items()}
    return None
