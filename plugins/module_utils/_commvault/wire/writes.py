# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import ApiError, ConnectionFailed
from .errors import outcome_unknown

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


def require_gone(kind: str, name: str, still_there: bool) -> None:
    """After a delete that the server accepted: it may have queued the request for approval (multi-person authorization)."""
    if still_there:
        raise ApiError(
            f'Commvault accepted the deletion of the {kind} "{name}", but it is still there: the request probably waits for approval. '
            "Let it be approved in the Command Center, then run this again.",
            object=name,
        )
