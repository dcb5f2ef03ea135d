# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..._core.errors import BaasError, UnexpectedReply
from ..wire.replies import listed, text
from . import paths

if t.TYPE_CHECKING:
    from ..wire.client import Commvault
    from ..wire.pool import Answers

Folder = tuple[int, str]
"""A client's id, and the path of one of its folders as the client spells it."""


class LiveFiles:
    """What clients have on their drives now, each folder listed once (GET /Client/{id}/browsefs; cvpysdk services.py CLIENT_BROWSE_FS).

    What such a listing looks like, the vendor does not document. One in another form than is known tells nothing, and least of all that
    there is nothing.
    """

    def __init__(self, client: Commvault) -> None:
        self._client = client
        self._listings: dict[Folder, Answers[Folder, list[str]]] = {}

    def look_for(self, number: int, wanted: t.Sequence[str], windows: bool) -> tuple[list[str], dict[str, str]]:
        """Which paths to back up match nothing that is on a client now, and why of others that cannot be told.

        number: the client's id. A request for each folder above what is wanted, side by side.
        """
        levels = {path: paths.levels(path, windows) for path in wanted}
        self._list([(number, paths.folder(found[:-1], windows)) for found in levels.values() if found])
        absent, unknown = [], {}
        for path, found in levels.items():
            try:
                if found is None:
                    unknown[path] = "It names no place on a drive of the client."
                elif not self._exists(number, found, windows):
                    absent.append(path)
            except BaasError as error:
                unknown[path] = str(error)
        return absent, unknown

    def _exists(self, number: int, levels: list[str], windows: bool) -> bool:
        """Raises BaasError where it cannot be told."""
        if not levels:
            return True
        above = levels[:-1]
        try:
            names = self._names((number, paths.folder(above, windows)))
        except BaasError:
            # A folder that cannot be listed may be one that is not there, which the one above it tells.
            if above and not self._exists(number, above, windows):
                return False
            raise
        if not names and not above:
            raise UnexpectedReply("Commvault lists no drive and no folder of the client at all.")
        return any(paths.matches(name, levels[-1], windows) for name in names)

    def _names(self, folder: Folder) -> list[str]:
        self._list([folder])
        return self._listings[folder][folder]

    def _list(self, folders: list[Folder]) -> None:
        due = [folder for folder in dict.fromkeys(folders) if folder not in self._listings]
        answers = self._client.pool.read(self._read, due)
        self._listings |= dict.fromkeys(due, answers)

    def _read(self, folder: Folder) -> list[str]:
        number, path = folder
        reply = self._client.require(f"/Client/{number}/browsefs", {"path": path, "foldersOnly": "false"})
        return [text(row, "name") or "" for row in listed(reply.get("nodes"))]
