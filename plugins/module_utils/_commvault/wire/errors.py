# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import email.utils
import re
import time
import typing as t

from ..._core.errors import BaasError, ConnectionFailed, UnexpectedReply

OK_CODES = {"0", "NO_ERROR", "", "None"}
TEXT_KEYS = ("errorMessage", "errorString", "errLogMessage", "Message", "message")
WRAPPERS = ("error", "response", "errors", "genericError", "errList", "status", "errorResp", "operationStatus")
PASSING = (429, 502, 503, 504)
"""Statuses after which a call that is safe to repeat is repeated."""


@dataclasses.dataclass(frozen=True)
class Fault:
    """One error that a reply carries: the server's code as text, and its words."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.text or 'no text'} (code {self.code})"


def faults(payload: t.Any) -> list[Fault]:
    """Every error in a reply, whichever of the API's envelopes it uses.

    The HTTP status is a weak signal: many calls answer 200 with a non-zero code at the top level or below error,
    response, errors, genericError, errList, errorResp or operationStatus, each an object or a list (sources: OpenAPI
    GenericResp, PlanResp; cvpysdk organization.py, plan.py, job.py, client.py). Codes are numbers or names.
    A plan's errors[] beside a valid plan id, and destinations that failed, are found too.
    """
    found = list(_walk(payload, depth=0))
    if isinstance(payload, dict):
        # Activation of a company keeps the code in "response" and the text beside it, in "error".
        found = [fault if fault.text else dataclasses.replace(fault, text=_text_below(payload)) for fault in found]
    if isinstance(payload, dict) and payload.get("failedDestinations"):
        found.append(Fault("failedDestinations", "not done for: " + ", ".join(map(str, payload["failedDestinations"]))))
    return found


def warnings(payload: t.Any) -> list[str]:
    """Warnings that a reply carries beside success. Warnings are not failures."""
    if not isinstance(payload, dict):
        return []
    places = [payload, payload.get("response"), payload.get("error")]
    flat = [item for place in places for item in (place if isinstance(place, list) else [place]) if isinstance(item, dict)]
    return [str(item["warningMessage"]) for item in flat if str(item.get("warningCode", 0)) not in OK_CODES and item.get("warningMessage")]


def tells_of_none(payload: t.Any) -> bool:
    """Whether a 404 is the server's: an envelope, nothing in JSON, or what its web server says to a call that it does not know.

    A gateway or proxy in between answers 404 as well, also in JSON, and says nothing of what there is.
    """
    if not isinstance(payload, dict) or not payload:
        return payload == {}
    known = {"errorCode", "errorMessage", *WRAPPERS}
    return not known.isdisjoint(payload) or str(payload.get("Message", "")).startswith("No HTTP resource was found")


def excerpt(text: str, length: int = 200) -> str:
    """A short, one-line piece of a body that is not JSON: the title of an HTML page, else its beginning."""
    title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
    line = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", title.group(1) if title else text)).strip()
    return line if len(line) <= length else line[: length - 1] + "…"


def _walk(node: t.Any, depth: int) -> t.Iterator[Fault]:
    if depth > 4:
        return
    below: list[t.Any] = node if isinstance(node, list) else []
    if isinstance(node, dict):
        fault = _fault(node, depth)
        if fault:
            yield fault
        below = [node[wrapper] for wrapper in WRAPPERS if wrapper in node]
    for inner in below:
        yield from _walk(inner, depth + 1)


def _fault(node: dict[str, t.Any], depth: int) -> Fault | None:
    """What an object itself says: a code that is none of success, or further down a text without one."""
    code = node.get("errorCode")
    texts = [str(node[key]) for key in TEXT_KEYS if node.get(key)]
    if code is None:
        return Fault("unknown", texts[0]) if texts and depth > 0 and "errorString" in node else None
    return None if str(code) in OK_CODES else Fault(str(code), texts[0] if texts else _text_below(node))


def _text_below(node: dict[str, t.Any]) -> str:
    for wrapper in WRAPPERS:
        inner = node.get(wrapper)
        if isinstance(inner, dict):
            for key in TEXT_KEYS:
                if inner.get(key):
                    return str(inner[key])
    return ""


def retry_after(headers: t.Mapping[str, str]) -> float:
    """Seconds that the server asks for in Retry-After, as a number or as a date (RFC 9110 10.2.3); 0 where it does not."""
    value = headers.get("Retry-After", "")
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return 0.0


def advice(status: int) -> str:
    """What to do about an HTTP status, as the end of an error text; empty where there is nothing to say."""
    if status == 403:
        return " The user lacks a permission for this."
    if status == 404:
        return " The object is gone, or api_base_path is wrong, or the server is too old for this call."
    if status == 429:
        return (
            " The server limits how many requests it takes, and this one was not carried out: ask less of it at a time (parallel, forks, "
            "throttle), or try again later."
        )
    if status in PASSING:
        return " The web server is up but what stands behind it is not: try again later, or look at the server."
    return ""


def outcome_unknown(error: BaasError) -> bool:
    """Whether a call may have been carried out: the connection broke after it had left, or something else answered for the server."""
    if isinstance(error, ConnectionFailed):
        return error.sent
    status = error.details.get("status")
    return isinstance(error, UnexpectedReply) or status in (502, 503, 504) or (status == 500 and "server_code" not in error.details)


def passing(error: BaasError) -> bool:
    """Whether an error may go away by itself, as those of a web server that restarts do. Only who reads may wait for that."""
    if isinstance(error, ConnectionFailed):
        return not error.final
    return isinstance(error, UnexpectedReply) or error.details.get("status") in (500, *PASSING)
