# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

from .errors import BaasError


class Permit:
    """Whether a run may write, and whether it has written. A session asks before each request that writes."""

    def __init__(self, allowed: bool = True) -> None:
        self._allowed = allowed
        self.used = False
        self.unconfirmed: str | None = None
        """A call that was answered with success and nothing else."""

    def ask(self, call: str) -> None:
        """Raise before a request that a check run must not send. No step of a check run gets here: if one does, it is a defect."""
        if not self._allowed:
            raise BaasError(
                f"{call} would write in check mode, so it was not sent. This is a defect of the module: please report it.", call=call
            )

    def use(self, unconfirmed: str | None = None) -> None:
        """Note that something was written, or may have been. unconfirmed: the call, where the answer does not say that it was done."""
        self.used = True
        self.unconfirmed = unconfirmed or self.unconfirmed
