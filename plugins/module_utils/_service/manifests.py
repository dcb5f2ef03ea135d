# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The two questions of the role manifest: what has to be read, and what is written from it. VMs and files go the same way."""

from __future__ import annotations

import typing as t

from . import manifest_files, manifest_vms
from .manifest import parsed

Row = t.Mapping[str, t.Any]
Record = dict[str, t.Any]

NO_JOBS: Row = {"jobs": []}


def manifest(specification: Row, known: t.Mapping[str, str], listed: Row, read: Row | None = None) -> Record:
    """What has to be read for the records that are missing, and when it was read, the records to write.

    specification: tenant, hypervisor, servers (of file servers), host (that reads where none is named), margin (seconds), changed
    (whether files that were changed since their backup matter). known: texts of the manifests by path.
    listed: jobs and histories, see manifest_vms.work() and manifest_files.work(). read: recorded_at; due and vms (see
    manifest_vms.records(); empty where nothing was due); local and windows (see manifest_files.records()); started: targets of backups
    that were started after that, for which alone records are made then.
    Gives work (vms and files, as these tell them), files (for M(calligo.baas.evidence_files)), back_up (subclients with newer files),
    excused (those of them whose backups may have errors, as the specification says), and open (name and reason).
    """
    found = parsed(known)
    vms = {one["backup_job"]: one for one in found if one["kind"] == "vms"}
    files = [one for one in found if one["kind"] == "files"]
    jobs = listed["jobs"] or NO_JOBS
    host, changed = specification["host"], specification["changed"]
    work = {
        "vms": manifest_vms.work(jobs, vms, specification["margin"]),
        "files": manifest_files.work(listed["histories"], specification["servers"], files, changed=changed, host=host),
    }
    if read is None:
        return {"work": work, "files": [], "back_up": [], "excused": [], "open": []}
    return {"work": work, **_records(specification, (vms, files), jobs, work, read)}


def _records(specification: Row, known: tuple[dict[int, Record], list[Record]], jobs: Row, work: Row, read: Row) -> Record:
    vms, files = known
    servers = specification["servers"]
    about = {**specification, "recorded_at": read["recorded_at"]}
    if read["started"]:
        return {"files": manifest_files.records(read["started"], servers, read, about, files), "back_up": [], "excused": [], "open": []}
    made = []
    if work["vms"]["jobs"]:
        made = manifest_vms.records({"listed": jobs, "due": read["due"], "vms": read["vms"]}, about, vms, specification["margin"])
    vms = {**vms, **{file["content"]["backup_job"]: file["content"] for file in made}}
    targets = work["files"]["targets"]
    changed = manifest_files.changed(targets, servers, read, about, files) if specification["changed"] else []
    return {
        "files": [*made, *manifest_files.records(targets, servers, read, about, files)],
        "back_up": changed,
        "excused": [target for target in changed if manifest_files.excepted(target, servers)],
        "open": [*manifest_vms.open_points(jobs, vms), *manifest_files.open_points(targets, servers, read)],
    }
