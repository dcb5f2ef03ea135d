# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The regular manifest run: versions of files that no manifest knows yet get into one, together with a backup that holds them.

A manifest may know more than its backup holds, since a restored file is looked up by path, size and time of change; it must not know less.
"""

from __future__ import annotations

import typing as t

from . import manifest_files

Row = t.Mapping[str, t.Any]
Target = dict[str, t.Any]


def actions(
    targets: t.Iterable[Row], servers: t.Sequence[Row], read: Row, manifests: t.Iterable[Row], backups: t.Iterable[Row]
) -> list[Target]:
    """What to do for each subclient, in their order: each target with action, unknown (a number of versions of files) and jobs.

    targets: client and name. servers, read: see manifest_files.of_files(). manifests: those of the tenant.
    backups: results of a loop of M(calligo.baas.commvault_job_info) over the targets (item and jobs).
    action: none where manifests know all versions; record where the newest backup, jobs, began after the last unknown one was made;
    else backup, with no jobs yet. A backup that failed holds nothing; one that ended in part may hold it.
    """
    known = list(manifests)
    newest = {_key(result["item"]): _newest(result.get("jobs") or []) for result in backups}
    found = []
    for target in targets:
        entries = manifest_files.of_files([{**target, "jobs": [0]}], servers, read)[0]["content"]["entries"]
        recorded = {_version(entry) for row in known if _of(row, target) for entry in row["entries"]}
        unknown = [entry for entry in entries if _version(entry) not in recorded]
        backup = newest.get(_key(target))
        action = "none" if not unknown else "record" if _covers(backup, unknown) else "backup"
        jobs = [int(backup["id"])] if backup and action == "record" else []
        found.append({"client": target["client"], "name": target["name"], "action": action, "unknown": len(unknown), "jobs": jobs})
    return found


def files(targets: t.Iterable[Row], servers: t.Sequence[Row], read: Row, manifests: t.Iterable[Row]) -> list[manifest_files.File]:
    """The manifests of targets that have a job, as M(calligo.baas.evidence_files) takes them.

    A backup that has a manifest already keeps what is in that, beside what is new.
    """
    known = list(manifests)
    made = manifest_files.of_files([target for target in targets if target.get("jobs")], servers, read)
    return [{**file, "content": _joined(file["content"], known)} for file in made]


def _joined(content: Target, known: list[Row]) -> Target:
    same = [row for row in known if _of(row, {"client": content["client"], "name": content["subclient"]})]
    before = [entry for row in same if int(row.get("backup_job") or 0) == content["backup_job"] for entry in row["entries"]]
    versions = {_version(entry): entry for entry in [*before, *content["entries"]]}
    return {**content, "entries": sorted(versions.values(), key=lambda entry: (str(entry["path"]), str(entry["modification_time"])))}


def _covers(backup: Row | None, unknown: list[Row]) -> bool:
    latest = max(str(entry["modification_time"]) for entry in unknown)
    return backup is not None and latest < str(backup["start_time"])


def _newest(jobs: list[Row]) -> Row | None:
    good = [job for job in jobs if job["outcome"] in ("success", "partial") and job.get("start_time")]
    return max(good, key=lambda job: str(job["start_time"]), default=None)


def _version(entry: Row) -> tuple[str, int, str, str]:
    return str(entry["path"]).casefold(), int(entry["size"]), str(entry["modification_time"]), str(entry["sha256"])


def _of(manifest: Row, target: Row) -> bool:
    return manifest.get("kind") == "files" and _key({"client": manifest["client"], "name": manifest["subclient"]}) == _key(target)


def _key(target: Row) -> tuple[str, str]:
    return str(target["client"]).casefold(), str(target["name"]).casefold()
