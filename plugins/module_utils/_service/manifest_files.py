# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The records of files: which backup jobs need one, what has to be read for them, and which versions of files they hold.

A version of a file is its path, size and time of change; only reading the file tells its SHA-256. A version that was made before a backup
began, and is there unchanged, is the one that the backup holds. A record has the versions that no record of the subclient had before: a
restored file is looked up in all of them, so that they may know more than the backup of one job holds, but not less.
"""

from __future__ import annotations

import typing as t

from . import file_protection, manifest
from .exceptions import reason_of_part
from .names import safe_file_name

Row = t.Mapping[str, t.Any]
Target = dict[str, t.Any]
Record = dict[str, t.Any]

USABLE = ("success", "partial")


def work(histories: t.Iterable[Row], servers: t.Sequence[Row], known: t.Sequence[Row], changed: bool, host: str) -> Record:
    """What has to be read: targets (client, name, job and started: the newest backup, due, active, doubtful: the jobs that ended with
    errors, clean: when the newest began that had none), and where their files are.

    histories: results of a loop of M(calligo.baas.commvault_job_info) over the subclients (item and jobs). servers: of the
    specification. known: the records. changed: whether files that were changed since their backup matter too, so that all are read.
    host: the one that reads where the access names none. local: directories of the control node; windows: for each host its directories.
    """
    targets = [_target(result, servers, known) for result in histories]
    return {"targets": targets, **_places([target for target in targets if changed or target["due"]], servers, host)}


def _target(result: Row, servers: t.Sequence[Row], known: t.Sequence[Row]) -> Target:
    """One of the targets of work(), from its history."""
    item, jobs = result["item"], result["jobs"]
    newest = _newest(jobs)
    recorded = newest is not None and any(_of(record, item) and _job(record) == int(newest["id"]) for record in known)
    doubtful = [] if excepted(item, servers) else [int(job["id"]) for job in jobs if job["outcome"] == "partial"]
    clean = _newest(job for job in jobs if int(job["id"]) not in doubtful)
    return {
        "client": item["client"],
        "name": item["name"],
        "active": any(job["outcome"] in ("active", "standing") for job in jobs),
        "job": int(newest["id"]) if newest else None,
        "started": str(newest["start_time"]) if newest else "",
        "due": newest is not None and not recorded,
        "doubtful": doubtful,
        "clean": str(clean["start_time"]) if clean else "",
    }


def records(targets: t.Iterable[Row], servers: t.Sequence[Row], read: Row, about: Row, known: t.Sequence[Row]) -> list[Record]:
    """The records to write, as M(calligo.baas.evidence_files) takes them.

    targets: of work(), or of backups that were started after the reading, with jobs. read: local (result of ansible.builtin.find) and
    windows (results of a loop of M(ansible.windows.win_find)). about: tenant, recorded_at and host, see work().
    A subclient of which nothing could be read gets no record.
    """
    made = []
    for target in targets:
        started = bool(target.get("jobs"))
        job = target["jobs"][0] if started else target["job"]
        kept = [entry for entry in _unknown(target, servers, read, about, known) if started or _older(entry, target)]
        readable = set(_roots(target, servers)) - set(_missing(read))
        if job is None or not readable or not (kept or started or target["due"]):
            continue
        entries = [*_held(target, job, known), *kept]
        content = {
            "kind": "files",
            "tenant": about["tenant"],
            "client": target["client"],
            "subclient": target["name"],
            "backup_job": job,
            "recorded_at": about["recorded_at"],
            "entries": sorted(entries, key=lambda entry: (str(entry["path"]), str(entry["modification_time"]))),
        }
        name = f"files-{safe_file_name(target['client'])}-{safe_file_name(target['name'])}-job-{job}.json"
        made.append({"name": name, "content": content})
    return made


def changed(targets: t.Iterable[Row], servers: t.Sequence[Row], read: Row, about: Row, known: t.Sequence[Row]) -> list[Target]:
    """The subclients (client and name) with versions of files that no record knows and that are newer than the last backup.

    A backup with errors does not count, nor does its record: nobody knows which files it holds. Those that are being backed up now are left
    out: what that backup holds is known when it has ended.
    """
    found = []
    for target in targets:
        sure = [record for record in known if not (_of(record, target) and _job(record) in target["doubtful"])]
        unknown = [] if target["active"] else _unknown(target, servers, read, about, sure)
        if any(not _older(entry, {"started": target["clean"]}) for entry in unknown):
            found.append({"client": target["client"], "name": target["name"]})
    return found


def open_points(targets: t.Iterable[Row], servers: t.Sequence[Row], read: Row) -> list[Record]:
    """What no record covers, each with name and reason: no backup, one that runs, directories that could not be read."""
    found = []
    for target in targets:
        name = f"{target['client']}, {target['name']}"
        if target["job"] is None:
            found.append({"name": name, "reason": "there is no backup yet, or none in the time that was looked at"})
        elif target["active"]:
            found.append({"name": name, "reason": "a backup has not ended; it is recorded when it has"})
        elif target["job"] in target["doubtful"]:
            found.append(
                {"name": name, "reason": f"its newest backup, job {target['job']}, had errors, so that files may be missing in it"}
            )
        gone = sorted(set(_roots(target, servers)) & set(_missing(read)))
        if gone:
            found.append({"name": name, "reason": f"could not be read: {', '.join(f'{path} ({_missing(read)[path]})' for path in gone)}"})
    return found


def excepted(target: Row, servers: t.Sequence[Row]) -> bool:
    """Whether the specification says why this subclient may have backups with errors."""
    entries = [(server["client"], entry) for server in servers for entry in server["subclients"] if reason_of_part(entry)]
    return any(_key(client, entry["name"]) == _key(target["client"], target["name"]) for client, entry in entries)


def _held(target: Row, job: int, known: t.Sequence[Row]) -> list[manifest.Entry]:
    """What the record of a job has already."""
    return [entry for record in known if _of(record, target) and _job(record) == job for entry in record["entries"]]


def _places(targets: t.Iterable[Row], servers: t.Sequence[Row], host: str) -> Record:
    local: set[str] = set()
    windows: dict[str, set[str]] = {}
    for target in targets:
        found = file_protection.specified(servers, target["client"], target["name"])
        roots = manifest.roots(found["content"], found["access"].get("drives"))
        if found["access"]["kind"] == "local":
            local.update(roots)
        else:
            windows.setdefault(str(found["access"].get("host") or host), set()).update(roots)
    return {"local": sorted(local), "windows": [{"host": name, "paths": sorted(paths)} for name, paths in sorted(windows.items())]}


def _unknown(target: Row, servers: t.Sequence[Row], read: Row, about: Row, known: t.Sequence[Row]) -> list[manifest.Entry]:
    """The versions of files that were read and that no record of the subclient has."""
    found = file_protection.specified(servers, target["client"], target["name"])
    drives = found["access"].get("drives")
    if found["access"]["kind"] == "local":
        files = read["local"].get("files") or []
    else:
        on_hosts = {str(result["item"]["host"]): result.get("files") or [] for result in read["windows"]}
        files = on_hosts.get(str(found["access"].get("host") or about["host"]), [])
    entries = manifest.entries(manifest.below(files, _roots(target, servers)), drives or {})
    recorded = {_version(entry) for record in known if _of(record, target) for entry in record["entries"]}
    return [entry for entry in entries if _version(entry) not in recorded]


def _older(entry: Row, target: Row) -> bool:
    """Whether a version was there when the newest backup began; never where there is no backup."""
    return str(entry["modification_time"]) < str(target["started"])


def _roots(target: Row, servers: t.Sequence[Row]) -> list[str]:
    found = file_protection.specified(servers, target["client"], target["name"])
    return manifest.roots(found["content"], found["access"].get("drives"))


def _missing(read: Row) -> t.Mapping[str, str]:
    """What ansible.builtin.find says of directories that it did not examine."""
    skipped: t.Mapping[str, str] = read["local"].get("skipped_paths") or {}
    return skipped


def _newest(jobs: t.Iterable[Row]) -> Row | None:
    good = [job for job in jobs if job["outcome"] in USABLE and job.get("start_time")]
    return max(good, key=lambda job: str(job["start_time"]), default=None)


def _version(entry: Row) -> tuple[str, int, str, str]:
    return str(entry["path"]).casefold(), int(entry["size"]), str(entry["modification_time"]), str(entry["sha256"])


def _of(record: Row, target: Row) -> bool:
    return _key(record["client"], record["subclient"]) == _key(target["client"], target["name"])


def _job(record: Row) -> int:
    return int(record.get("backup_job") or 0)


def _key(client: t.Any, name: t.Any) -> tuple[str, str]:
    return str(client).casefold(), str(name).casefold()
