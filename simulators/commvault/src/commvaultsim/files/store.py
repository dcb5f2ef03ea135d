# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where file backups are kept, and what is kept of them: item by item, job by job.

Contents lie by SHA-256 below ``<state>/store/blobs``, one manifest a job in ``<state>/store/manifests/<job>.json``: what the job wrote,
and what had gone since the job before. The image of a subclient at a moment is its last full (or synthetic full) up to then with the
later manifests laid on top.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import tempfile
import typing as t
from pathlib import Path

from commvaultsim.files.drives import CHUNK, Found
from commvaultsim.files.wildcards import normalise

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


class Store:
    """Contents and manifests. Not thread safe: the simulator's lock is held around every call."""

    def __init__(self, directory: Path) -> None:
        self.blobs = Path(directory) / "blobs"
        self.manifest_directory = Path(directory) / "manifests"
        self.blobs.mkdir(parents=True, exist_ok=True)
        self.manifest_directory.mkdir(parents=True, exist_ok=True)
        self.manifests: dict[int, Manifest] = {}
        for stale in [*self.manifest_directory.glob("*.json"), *self.blobs.glob("*/*")]:
            stale.unlink()  # the CommCell that knew these is gone with the process that simulated it

    # -- contents

    def keep(self, location: Path) -> tuple[str, int, int]:
        """Copy a file into the store. Returns hash, size and modification time of what was read.

        :raises OSError: the file can't be read, is no regular file, or has gone.
        """
        digest, size = hashlib.sha256(), 0
        source = os.open(location, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(source, "rb") as stream, tempfile.NamedTemporaryFile(dir=self.blobs, delete=False) as copy:
            try:
                while block := stream.read(CHUNK):
                    digest.update(block)
                    size += copy.write(block)
                mtime_ns = os.fstat(stream.fileno()).st_mtime_ns
                copy.flush()
                target = self.blob_path(digest.hexdigest())
                target.parent.mkdir(exist_ok=True)
                os.replace(copy.name, target)
            except BaseException:
                Path(copy.name).unlink(missing_ok=True)
                raise
        return digest.hexdigest(), size, mtime_ns

    def blob_path(self, blob: str) -> Path:
        """Where a content lies."""
        return self.blobs / blob[:2] / blob

    def blocks(self, entry: Entry) -> t.Iterator[bytes]:
        """The content of an entry, in blocks."""
        with self.blob_path(entry.blob).open("rb") as stream:
            while block := stream.read(CHUNK):
                yield block

    def corrupt(self, client: str, path: str) -> list[int]:
        """Damage the kept copies of one client's file, size kept; other files with that content stay sound.

        Returns the jobs whose copy was damaged. Doing it again changes nothing.
        """
        damaged = []
        for manifest in self.manifests.values():
            entry = manifest.entries.get(key(path))
            if manifest.owner.client.lower() != client.lower() or entry is None or entry.is_dir or not entry.size:
                continue
            entry.blob = self._damaged_copy(entry, f"{client.lower()}\n{key(path)}")
            damaged.append(manifest.job_id)
            self._save(manifest)
        if not damaged:
            raise StoreError(f"No kept copy with any content of {path} of the client {client}.")
        return damaged

    def _damaged_copy(self, entry: Entry, name: str) -> str:
        blob = f"{entry.sha256}-damaged-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
        if not self.blob_path(blob).exists():
            with self.blob_path(entry.sha256).open("rb") as source, self.blob_path(blob).open("wb") as target:
                first = source.read(CHUNK)
                flipped = bytes(byte ^ 0xFF for byte in first[:64])
                target.write(flipped + first[64:])
                while block := source.read(CHUNK):
                    target.write(block)
        return blob

    # -- backup

    def backup(self, job_id: int, owner: Owner, kind: str, time: int, found: t.Iterable[Found], complete: bool = True) -> Manifest:
        """Keep what a scan found. An incremental or differential without a full before it becomes a full.

        Unreadable and vanished files are listed in ``failed`` and keep the version that an earlier job has.
        """
        before = self.image(owner.subclient_id)
        if kind not in FULL_KINDS and not self.has_full(owner.subclient_id):
            kind = "Full"
        base = self.image(owner.subclient_id, fulls_only=True) if kind == "Differential" else before
        manifest = Manifest(job_id, owner, kind, time, complete=complete)
        seen = set()
        for item in found:
            seen.add(key(item.path))
            known = base.get(key(item.path)) if kind != "Full" else None
            if known and known.is_dir == item.is_dir and (item.is_dir or (known.size, known.mtime_ns) == (item.size, item.mtime_ns)):
                continue
            self._keep_item(manifest, item)
        manifest.deleted = sorted(entry.path for name, entry in before.items() if name not in seen)
        self._file(manifest)
        return manifest

    def _keep_item(self, manifest: Manifest, item: Found) -> None:
        sha256, size, mtime_ns = "", 0, item.mtime_ns
        if item.is_link:
            manifest.failed.append((item.path, "Reparse points are not followed."))
            return
        if not item.is_dir:
            try:
                sha256, size, mtime_ns = self.keep(item.location)
            except OSError as error:
                manifest.failed.append((item.path, error.strerror or str(error)))
                return
        entry = Entry(item.path, size, mtime_ns, sha256, sha256, item.is_dir, manifest.job_id, manifest.time)
        manifest.entries[key(item.path)] = entry

    def consolidate(self, job_id: int, owner: Owner, time: int, complete: bool = True) -> Manifest:
        """A synthetic full: the present image written as one job, without reading the client.

        :raises StoreError: there is no incremental since the last full.
        """
        if not self.can_consolidate(owner.subclient_id):
            raise StoreError("There is nothing to consolidate: no incremental backup has run since the last full backup.")
        return self.rewrite(job_id, owner, time, complete)

    def rewrite(self, job_id: int, owner: Owner, time: int, complete: bool = False) -> Manifest:
        """The present image as one job of its own."""
        manifest = Manifest(job_id, owner, "Synthetic Full", time, complete=complete)
        for name, entry in self.image(owner.subclient_id).items():
            manifest.entries[name] = dataclasses.replace(entry, backup_job=job_id, backup_time=time)
        self._file(manifest)
        return manifest

    def complete(self, job_id: int) -> None:
        """Show what a job kept, now that it has ended well."""
        manifest = self.manifests.get(job_id)
        if manifest:
            manifest.complete = True
            self._save(manifest)

    def _file(self, manifest: Manifest) -> None:
        self.manifests[manifest.job_id] = manifest
        self._save(manifest)

    def _save(self, manifest: Manifest) -> None:
        text = json.dumps(dataclasses.asdict(manifest), ensure_ascii=False, indent=1, sort_keys=True)
        target = self.manifest_directory / f"{manifest.job_id}.json"
        partial = target.with_suffix(".part")
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, target)

    def drop(self, job_ids: t.Iterable[int]) -> None:
        """Age jobs: their manifests go, and the contents that no other job needs."""
        for job_id in job_ids:
            self.manifests.pop(job_id, None)
            (self.manifest_directory / f"{job_id}.json").unlink(missing_ok=True)
        needed = {entry.blob for manifest in self.manifests.values() for entry in manifest.files}
        needed |= {entry.sha256 for manifest in self.manifests.values() for entry in manifest.files}
        for location in self.blobs.glob("*/*"):
            if location.name not in needed:
                location.unlink()

    # -- views

    def chain(self, subclient_id: int, until: int = 0, at_job: int = 0) -> list[Manifest]:
        """The jobs that make the image of a subclient, the full first. ``until`` is a time and ``at_job`` a job to stop at."""
        jobs = self.jobs_of(subclient_id, until)
        if at_job:
            jobs = jobs[: next((index + 1 for index, job in enumerate(jobs) if job.job_id == at_job), 0)]
        last_full = max((index for index, job in enumerate(jobs) if job.kind in FULL_KINDS), default=len(jobs))
        return jobs[last_full:]

    def jobs_of(self, subclient_id: int, until: int = 0) -> list[Manifest]:
        """All jobs of a subclient in their order."""
        jobs = [job for job in self.manifests.values() if job.complete and job.owner.subclient_id == subclient_id]
        jobs = [job for job in jobs if not until or job.time <= until]
        return sorted(jobs, key=lambda job: (job.time, job.job_id))

    def image(self, subclient_id: int, until: int = 0, at_job: int = 0, fulls_only: bool = False) -> dict[str, Entry]:
        """What the subclient held at a moment, by :func:`key`."""
        image: dict[str, Entry] = {}
        for manifest in self.chain(subclient_id, until, at_job)[: 1 if fulls_only else None]:
            for path in manifest.deleted:
                image.pop(key(path), None)
            image.update(manifest.entries)
        return image

    def deleted(self, subclient_id: int, since: int = 0, until: int = 0) -> dict[str, Entry]:
        """Items that a kept job holds and the image at ``until`` no longer does, in their last version."""
        gone: dict[str, Entry] = {}
        last: dict[str, Entry] = {}
        for manifest in self.jobs_of(subclient_id, until):
            for path in manifest.deleted:
                if key(path) in last and manifest.time >= since:
                    gone[key(path)] = dataclasses.replace(last[key(path)], deleted_at=manifest.time)
            last.update(manifest.entries)
            for name in manifest.entries:
                gone.pop(name, None)
        return gone

    def versions(self, subclient_id: int, path: str, until: int = 0) -> list[Entry]:
        """Every kept version of a file, the oldest first. A synthetic full adds no version of its own."""
        found: dict[tuple[str, int], Entry] = {}
        for manifest in self.jobs_of(subclient_id, until):
            entry = manifest.entries.get(key(path))
            if entry and (manifest.kind != "Synthetic Full" or (entry.sha256, entry.mtime_ns) not in found):
                found.setdefault((entry.sha256, entry.mtime_ns), entry)
        return list(found.values())

    def has_full(self, subclient_id: int) -> bool:
        """Whether an incremental has something to build on."""
        return bool(self.chain(subclient_id))

    def can_consolidate(self, subclient_id: int) -> bool:
        """Whether a synthetic full has anything to do."""
        return len(self.chain(subclient_id)) > 1
