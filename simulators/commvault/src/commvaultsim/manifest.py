# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a file backup keeps, item by item and job by job."""

from __future__ import annotations

import dataclasses

from commvaultsim.wildcards import normalise

FULL_KINDS = frozenset({"Full", "Synthetic Full"})


class StoreError(Exception):
    """Something asked of the store that it can't do; the text is fit for an answer."""


@dataclasses.dataclass
class Entry:
    """A file or directory as one job kept it.

    ``blob`` is where the content lies: its hash, or the copy that was damaged on purpose. ``backup_job`` wrote it first;
    ``deleted_at`` is set in views that show deleted items.
    """

    path: str
    size: int
    mtime_ns: int
    sha256: str
    blob: str
    is_dir: bool
    backup_job: int
    backup_time: int
    deleted_at: int = 0

    @property
    def mtime(self) -> int:
        """Seconds since 1970."""
        return self.mtime_ns // 10**9


@dataclasses.dataclass(frozen=True)
class Owner:
    """Whose backup a manifest is."""

    client_id: int
    client: str
    backupset_id: int
    subclient_id: int


@dataclasses.dataclass
class Manifest:
    """What one backup job kept. ``kind`` is Full, Incremental, Differential or Synthetic Full; times are epoch seconds.

    A job that has not ended keeps a manifest that is not ``complete``, which no view shows.
    """

    job_id: int
    owner: Owner
    kind: str
    time: int
    entries: dict[str, Entry] = dataclasses.field(default_factory=dict)
    deleted: list[str] = dataclasses.field(default_factory=list)
    failed: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    complete: bool = True

    @property
    def files(self) -> list[Entry]:
        """The files among the entries."""
        return [entry for entry in self.entries.values() if not entry.is_dir]

    @property
    def size(self) -> int:
        """Bytes of the files that the job kept."""
        return sum(entry.size for entry in self.files)


def key(path: str) -> str:
    """The spelling under which a path is filed: Windows names are compared without regard to case."""
    return normalise(path)
