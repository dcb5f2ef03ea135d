# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import typing as t

from ..backups.browse import pick, tidy, to_entry
from ..backups.recovery_points import RecoveryPoint
from ..servers.subclients import FileSource
from ..wire import paging

if t.TYPE_CHECKING:
    from ..wire.client import Commvault

# Reading what a backup holds, with POST /DoBrowse (cvpysdk backupset.py, subclients/vssubclient.py).

Entry = dict[str, t.Any]
Row = dict[str, t.Any]

ONE_LEVEL, FIND = 0, 1
FILES, VIRTUAL_SERVER = 2, 4


def list_files(
    client: Commvault,
    source: FileSource,
    point: RecoveryPoint,
    path: str,
    recursive: bool = False,
    include_deleted: bool = False,
    limit: int | None = None,
) -> t.Iterator[Entry]:
    """What a folder held at a backup point, one level or all levels below it.

    path: as on the client, "D:\\Data" or "/srv"; "\\" or "/" is the top. An entry's time is that of the backup that
    holds the version shown, which can be older than the point. deleted: whether it was gone by then.
    """
    separator = separator_of(source)
    folder = tidy(path, separator)
    where = f"{folder.rstrip(separator)}{separator}**{separator}*" if recursive else folder
    request = {
        "opType": FIND if recursive else ONE_LEVEL,
        "mode": {"mode": FILES},
        "paths": [{"path": where}],
        "entity": {key: value for key, value in source.entity.items() if key.endswith("Id") or key == "clientName"},
        "timeRange": {"fromTime": 0, "toTime": point.until},
        "options": {"showDeletedFiles": include_deleted, "restoreIndex": True, "vsDiskBrowse": False, "vsFileBrowse": False},
    }
    for row in paging.browse(client, request, limit=limit):
        entry = to_entry(row, separator)
        if include_deleted or not entry["deleted"]:
            yield entry


def find_paths(client: Commvault, source: FileSource, point: RecoveryPoint, paths: t.Iterable[str]) -> list[Entry]:
    """The entries of these very paths, in their order. Raises NotFound naming all that the backup does not hold."""
    separator = separator_of(source)
    wanted = [tidy(path, separator) for path in paths]
    return pick(lambda folder: list_files(client, source, point, folder), wanted, separator, source.label, point)


def separator_of(source: FileSource) -> str:
    return "/" if source.entity["applicationId"] == 29 else "\\"
