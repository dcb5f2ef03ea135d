# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import base64
import typing as t

from ..._core.errors import ApiError, ConnectionFailed, UnexpectedReply
from . import replies
from .errors import outcome_unknown

if t.TYPE_CHECKING:
    from .client import Commvault
    from .lookup import Found

Row = dict[str, t.Any]
T = t.TypeVar("T")

# Writes whose answer does not tell whether they took effect, so that one looks.


def create_once(create: t.Callable[[], T], look: t.Callable[[], T | None]) -> T:
    """Call create; where its outcome is unknown, look whether the object is there before giving up. It is never sent twice.

    The outcome is unknown when the connection broke after the request had left, and when a gateway answered instead of the server.
    Raises the error of create, if nothing is to be seen.
    """
    try:
        return create()
    except (ConnectionFailed, ApiError) as error:
        seen = look() if outcome_unknown(error) else None
        if seen is None:
            raise
        return seen


def create_numbered(
    client: Commvault,
    what: str,
    path: str,
    body: Row,
    look: t.Callable[[], Found | None],
    number_in: t.Callable[[Row], int] = lambda reply: replies.number(reply, "id"),
) -> int:
    """Create an object once, and give its id. what: kind and name, as in 'role "View"'. look: finds it where the outcome is unknown.

    number_in: reads the id in the reply. Raises UnexpectedReply for a reply without one, if then it is not to be seen either.
    """

    def seen() -> int | None:
        found = look()
        return found.id if found else None

    def create() -> int:
        number = number_in(client.post(path, body))
        if number <= 0:
            raise UnexpectedReply(f"Commvault answered the creation of the {what} without an id, and it is not there.", call=f"POST {path}")
        return number

    return create_once(create, seen)


def encoded(password: str) -> str:
    """A password in Base64, which hides nothing but is what the API wants."""
    return base64.b64encode(password.encode()).decode()


def require_gone(kind: str, name: str, still_there: bool) -> None:
    """After a delete that the server accepted: it may have queued the request for approval (multi-person authorization)."""
    if still_there:
        raise ApiError(
            f'Commvault accepted the deletion of the {kind} "{name}", but it is still there: the request probably waits for approval. '
            "Let it be approved in the Command Center, then run this again.",
            object=name,
        )
