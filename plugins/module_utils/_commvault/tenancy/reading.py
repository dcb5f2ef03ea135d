# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Reading for a report, which says what it could not read and is made of the rest."""

from __future__ import annotations

import typing as t

from ..._core.errors import AuthenticationFailed, BaasError, ConnectionFailed

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

T = t.TypeVar("T")


class Reading:
    """What is asked of the platform. What cannot be read is None, and a sentence in problems.

    Where the server cannot be reached or refuses the login, nothing more is asked: each call would wait as long again.
    """

    def __init__(self, client: Commvault) -> None:
        self.problems: list[str] = []
        self._client = client
        self._gone = False

    def ask(self, what: str, read: t.Callable[[], T]) -> T | None:
        """What a call gives. what: it is, for the sentence where it cannot be read."""
        if self._gone:
            return None
        try:
            return read()
        except BaasError as error:
            self._fail(what, error)
            return None

    def _fail(self, what: str, error: BaasError) -> None:
        self._gone = isinstance(error, (ConnectionFailed, AuthenticationFailed))
        self.problems.append(f"{'Commvault' if self._gone else what} could not be read: {error}")
