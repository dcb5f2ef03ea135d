# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Manifests, the records of what VMs and files were when they were backed up: Commvault tells neither a VM's hardware nor a SHA-256.

Paths in a manifest are Windows paths as Commvault spells them. Drives maps a drive letter to the directory that
stands for it where the files are read; without drives the files were read on the Windows host itself.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t

Drives = t.Mapping[str, str]
Entry = dict[str, t.Any]

_WILDCARD = re.compile(r"[*?\[]")


def parsed(files: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
    """The manifests in files, by their paths. Raises ValueError, with the path, for one that is none."""
    return [_parsed(path, text) for path, text in files.items()]


def readable(files: t.Mapping[str, str]) -> tuple[list[dict[str, t.Any]], list[str]]:
    """The manifests in files, by their paths, and a sentence with the path for each that is none."""
    found, reasons = [], []
    for path, text in files.items():
        try:
            found.append(_parsed(path, text))
        except ValueError as error:
            reasons.append(f"{error}.")
    return found, reasons


def _parsed(path: str, text: str) -> dict[str, t.Any]:
    try:
        record = json.loads(text)
        key = {"vms": "vms", "files": "entries"}[record["kind"]]
        rows = [dict(row) for row in record[key]]
        for row in rows if key == "entries" else ():
            str(row["path"]), int(row["size"]), str(row["modification_time"])
        return {**record, "backup_job": int(record["backup_job"]), key: rows}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path} is not a manifest ({type(error).__name__}: {error}). Restore the file from the backup of the evidence, or move it "
            "away: then what it recorded is recorded anew as far as that can be told"
        ) from error


def roots(content: t.Iterable[str], drives: Drives | None) -> list[str]:
    """The directories (and files) to read for a subclient's content, each once; a path with a wildcard begins before it.

    Raises ValueError for a path without a drive letter, or on a drive that is not in drives.
    """
    return sorted({_place(_fixed_part(path), drives) for path in content})


def entries(files: t.Iterable[t.Mapping[str, t.Any]], drives: Drives | None) -> list[Entry]:
    """The entries of a manifest from the results of ansible.builtin.find or ansible.windows.win_find, sorted by path.

    size is in bytes, modification_time in ISO 8601 (UTC, whole seconds), sha256 in hexadecimal.
    """
    made = [
        {
            "path": _windows_path(str(file["path"]), drives),
            "size": int(file.get("size") or 0),
            "modification_time": _iso(file.get("mtime") or file.get("lastwritetime") or 0),
            "sha256": str(file.get("checksum") or "").lower(),
        }
        for file in files
        if not file.get("isdir")
    ]
    return sorted(made, key=lambda entry: str(entry["path"]))


def below(files: t.Iterable[t.Mapping[str, t.Any]], places: t.Collection[str]) -> list[t.Mapping[str, t.Any]]:
    """Of the files that were found those at or below one of some places, which are directories (or files) as roots() tells them."""
    windows = [place.rstrip("\\").casefold() for place in places if re.match(r"^[A-Za-z]:", place)]
    local = [place.rstrip("/") for place in places if not re.match(r"^[A-Za-z]:", place)]

    def is_below(path: str) -> bool:
        folded = path.casefold()
        in_windows = any(folded == place or folded.startswith(place + "\\") for place in windows)
        return in_windows or any(path == place or path.startswith(place + "/") for place in local)

    return [file for file in files if is_below(str(file["path"]))]


def entry_for(manifests: t.Iterable[t.Mapping[str, t.Any]], version: t.Mapping[str, t.Any]) -> Entry | None:
    """The entry for the version of a file that is in a backup: same path, size and time of change; None if there is none.

    manifests: each with entries; the newest match wins, by recorded_at.
    version: path, size and modification_time of an entry of M(calligo.baas.commvault_browse_info).
    """
    path = str(version["path"]).casefold()
    found = [
        (str(manifest.get("recorded_at") or ""), entry)
        for manifest in manifests
        for entry in manifest.get("entries") or []
        if str(entry["path"]).casefold() == path
        and int(entry["size"]) == int(version.get("size") or 0)
        and entry["modification_time"] == version.get("modification_time")
    ]
    return dict(max(found, key=lambda pair: pair[0])[1]) if found else None


def vm_record(manifests: t.Iterable[t.Mapping[str, t.Any]], uuid: str, jobs: t.Iterable[int], backup_time: str) -> dict[str, t.Any] | None:
    """What is known of a VM at the time of a backup: from the manifest of that backup's job, else, unproven, from the last before it.

    jobs: the ids of the backup (the group's job and the VM's own).
    backup_time: ISO 8601 in UTC; a manifest that was recorded later is not used.
    The result is the VM's facts with backup_job and recorded_at of the manifest, and proof, state and how or reason, where the manifest
    has it; one from before there was any was written by the run that started the backup. None if no manifest knows the VM.
    """
    ids = {int(job) for job in jobs}
    known = [pair for manifest in manifests for pair in _records_of(manifest, uuid)]
    of_job = [pair for pair in known if int(pair[0].get("backup_job") or 0) in ids]
    chosen = of_job or [pair for pair in known if _recorded_at(pair[0]) <= backup_time]
    if not chosen:
        return None
    manifest, vm = max(chosen, key=lambda pair: _recorded_at(pair[0]))
    number = manifest.get("backup_job")
    reason = f"the backup has no record of this VM; this is what it was for the backup of job {number}, and may have changed since"
    proof = {} if of_job else {"proof": {"state": "unproven", "reason": reason}}
    return {**vm, **proof, "backup_job": number, "recorded_at": manifest.get("recorded_at")}


def _records_of(manifest: t.Mapping[str, t.Any], uuid: str) -> list[tuple[t.Mapping[str, t.Any], dict[str, t.Any]]]:
    vms = manifest.get("vms") or []
    return [(manifest, vm) for vm in vms if str(vm.get("instance_uuid") or "").lower() == uuid.lower()]


def _recorded_at(manifest: t.Mapping[str, t.Any]) -> str:
    return str(manifest.get("recorded_at") or "")


def windows_path(parent: str, *names: str) -> str:
    """A Windows path below another one. (A backslash in a template means different things in different places.)"""
    return "\\".join([parent.rstrip("\\"), *names])


def _iso(seconds: t.Any) -> str:
    return datetime.datetime.fromtimestamp(int(float(seconds)), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _fixed_part(path: str) -> str:
    found = _WILDCARD.search(path)
    return path if not found else path[: found.start()].rpartition("\\")[0] + "\\"


def _place(path: str, drives: Drives | None) -> str:
    if not re.match(r"^[A-Za-z]:(\\|$)", path):
        raise ValueError(f"{path!r} does not begin with a drive letter, so that its files cannot be put into a manifest")
    if not drives:
        return path
    letter, rest = path[0].upper(), path[2:].strip("\\")
    root = {key.upper().rstrip(":"): value for key, value in drives.items()}.get(letter)
    if root is None:
        raise ValueError(f"{path!r} is on drive {letter}, for which the access says no directory")
    return "/".join([root.rstrip("/"), *[part for part in rest.split("\\") if part]])


def _windows_path(path: str, drives: Drives | None) -> str:
    for letter, root in (drives or {}).items():
        base = root.rstrip("/")
        if path == base or path.startswith(base + "/"):
            return f"{letter.upper().rstrip(':')}:\\" + path[len(base) :].strip("/").replace("/", "\\")
    return path
