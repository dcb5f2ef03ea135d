# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The envelopes of replies, as the real ones are: a 2xx status does not mean success."""

from __future__ import annotations

import typing as t

from commvaultsim.wire.routing import Reply

Json = dict[str, t.Any]


def generic(code: int = 0, message: str = "", status: int = 200, **more: t.Any) -> Reply:
    """Flat V4 GenericResp: ``{"errorCode", "errorMessage"}``."""
    return Reply({"errorCode": code, "errorMessage": message, **more}, status)


def nested(code: int = 0, message: str = "", status: int = 200, **more: t.Any) -> Reply:
    """``{"error": {"errorCode", "errorMessage"}}``."""
    return Reply({"error": {"errorCode": code, "errorMessage": message}, **more}, status)


def response_object(code: int = 0, text: str = "", entity: Json | None = None, status: int = 200, **more: t.Any) -> Reply:
    """Older create calls: ``{"response": {...}}``."""
    body: Json = {"errorCode": code, "errorString": text, "warningCode": 0, "warningMessage": ""}
    if entity is not None:
        body["entity"] = entity
    return Reply({"processinginstructioninfo": {"attributes": [{"name": "exitval", "value": str(code)}]}, "response": body, **more}, status)


def response_list(code: int = 0, text: str = "", entity: Json | None = None, status: int = 200) -> Reply:
    """Older update and delete calls: ``{"response": [{...}]}``."""
    body: Json = {"errorCode": code, "errorString": text}
    if entity is not None:
        body["entity"] = entity
    return Reply({"processinginstructioninfo": {"attributes": [{"name": "exitval", "value": str(code)}]}, "response": [body]}, status)


def unknown_route(path: str) -> Reply:
    """What ASP.NET answers for a path that nobody serves."""
    return Reply({"Message": f"No HTTP resource was found that matches the request URI '{path}'."}, 404)


def access_denied() -> Reply:
    """An absent, wrong or expired token."""
    return Reply({"errorMessage": "Access denied", "errorCode": 5}, 401)


def html_error(status: int, title: str) -> Reply:
    """A page of the web server or of a proxy in front of it."""
    page = f"<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(page, status, "text/html; charset=utf-8")
