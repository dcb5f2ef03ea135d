# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The two questions of the role manifest: what has to be read, and what is written from it. VMs and files go the same way."""

from __future__ import annotations

import typing as t

from . import manifest, manifest_files, manifest_vms

Row = t.Mapping[str, t.Any]
Record = dict[str, t.Any]

NO_JOBS: Row = {"jobs": []}


def work(specification: Row, known: t.Mapping[str, str], jobs: Row, histories: t.Sequence[Row]) -> Record:
    """What has to be read for the records that are missing.

    specification: tenant, hypervisor, servers (of file servers), host (that reads where none is named), margin (seconds), changed
    (whether files that were changed since their backup matter). known: texts of the manifests by path.
    jobs, histories: see manifest_vms.work() and manifest_files.work(). Gives vms and files, as these tell them.
    """
    vms, files = _known(known)
    return {
        "vms": manifest_vms.work(jobs or NO_JOBS, vms, specification["margin"]),
        "files": manifest_files.work(
            histories, specification["servers"], files, changed=specification["changed"], host=specification["host"]
        ),
    }


def records(specification: Row, known: t.Mapping[str, str], found: Row, read: Row) -> Record:
    """The records to write, and what is left.

    found: of work(). read: recorded_at; jobs, due and vms (see manifest_vms.records(); empty where nothing was due); local and windows (see
    manifest_files.records()); started: targets of backups that were started after that, for which alone records are made then.
    Gives files (for M(calligo.baas.evidence_files)), back_up (subclients with newer files), and open (name and reason).
    """
    vms, files = _known(known)
    servers = specification["servers"]
    about = {**specification, "recorded_at": read["recorded_at"]}
    if read["started"]:
        return {"files": manifest_files.records(read["started"], servers, read, about, files), "back_up": [], "open": []}
    made = []
    if found["vms"]["jobs"]:
        made = manifest_vms.records({"listed": read["jobs"], "due": read["due"], "vms": read["vms"]}, about, vms, specification["margin"])
    vms = {**vms, **{file["content"]["backup_job"]: file["content"] for file in made}}
    targets = found["files"]["targets"]
    return {
        "files": [*made, *manifest_files.records(targets, servers, read, about, files)],
        "back_up": manifest_files.changed(targets, servers, read, about, files) if specification["changed"] else [],
        "open": [*manifest_vms.open_points(read["jobs"] or NO_JOBS, vms), *manifest_files.open_points(targets, servers, read)],
    }


def _known(files: t.Mapping[str, str]) -> tuple[dict[int, Record], list[Record]]:
    """The records of VMs by their job, and those of files."""
    found = manifest.parsed(files)
    return {one["backup_job"]: one for one in found if one["kind"] == "vms"}, [one for one in found if one["kind"] == "files"]
