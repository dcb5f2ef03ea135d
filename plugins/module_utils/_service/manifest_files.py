# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""The manifests of all first backups of a tenant at once: what has to be read for them, and the files that they become.

Targets are those of M(calligo.baas.commvault_backup) whose backup is started.
"""

from __future__ import annotations

import typing as t

from . import file_protection, manifest, protection
from .names import safe_file_name

Row = t.Mapping[str, t.Any]
File = dict[str, t.Any]


def places(targets: t.Iterable[Row], servers: t.Sequence[Row], host: str) -> dict[str, t.Any]:
    """The directories to read for the subclients that are backed up.

    servers: of the specification. host: the one that reads where the access names none.
    local: directories of the control node. windows: for each host its directories.
    """
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


def of_files(targets: t.Iterable[Row], servers: t.Sequence[Row], read: Row) -> list[File]:
    """A manifest for each subclient, as M(calligo.baas.evidence_files) takes it: name and content.

    read: tenant, recorded_at, host (see places()), local (files of ansible.builtin.find) and windows (results of a loop of
    ansible.windows.win_find over what places() told).
    """
    on_hosts = {str(result["item"]["host"]): result.get("files") or [] for result in read["windows"]}
    made = []
    for target in targets:
        found = file_protection.specified(servers, target["client"], target["name"])
        drives = found["access"].get("drives")
        local = found["access"]["kind"] == "local"
        files = read["local"] if local else on_hosts.get(str(found["access"].get("host") or read["host"]), [])
        below = manifest.below(files, manifest.roots(found["content"], drives))
        job = target["jobs"][0]
        content = {
            "kind": "files",
            "tenant": read["tenant"],
            "client": target["client"],
            "subclient": target["name"],
            "backup_job": job,
            "recorded_at": read["recorded_at"],
            "entries": manifest.entries(below, drives or {}),
        }
        name = f"files-{safe_file_name(target['client'])}-{safe_file_name(target['name'])}-job-{job}.json"
        made.append({"name": name, "content": content})
    return made


def of_vms(targets: t.Iterable[Row], groups: t.Sequence[Row], vms: t.Sequence[Row], root: str, about: Row) -> list[File]:
    """A manifest for each VM group, as M(calligo.baas.evidence_files) takes it: name and content.

    groups: of the specification. vms: as M(calligo.baas.vcenter_vm_facts) describes them. root: the tenant's folder.
    about: tenant, hypervisor and recorded_at.
    """
    by_name = {str(group["name"]).casefold(): group for group in groups}
    made = []
    for target in targets:
        job = target["jobs"][0]
        content = {
            "kind": "vms",
            "tenant": about["tenant"],
            "hypervisor": about["hypervisor"],
            "vm_group": target["name"],
            "backup_job": job,
            "recorded_at": about["recorded_at"],
            "vms": protection.members(vms, by_name[str(target["name"]).casefold()], root),
        }
        made.append({"name": f"vms-{safe_file_name(target['name'])}-job-{job}.json", "content": content})
    return made
