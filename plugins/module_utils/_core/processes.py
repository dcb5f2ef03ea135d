# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Which run of Ansible this is, and whether another one still goes on."""

from __future__ import annotations

import os
import socket

PROGRAMS = ("ansible-playbook", "ansible-runner", "ansible-console")


def holder() -> str:
    """The run that this process belongs to: its host, the process that will be there until its end, and since when that is there."""
    pid = os.getppid()
    above = pid
    while above > 1:
        if any(name in _said(f"/proc/{above}/cmdline") for name in PROGRAMS):
            pid = above
        above = int((_fields(above) or ["", "0"])[1])
    return f"{_host()}:{pid}:{_since(pid)}"


def alive(one: str) -> bool | None:
    """Whether a run goes on. None for one on another host, or where this one does not tell."""
    host, pid, since = [*one.rsplit(":", 2), "", ""][:3]
    if host != _host() or not pid.isdigit() or not since:
        return None
    return _since(int(pid)) == since


def _host() -> str:
    """This host since it was started: what ran before is over."""
    return f"{socket.gethostname()}/{_said('/proc/sys/kernel/random/boot_id').strip()[:8]}"


def _since(pid: int) -> str:
    fields = _fields(pid)
    return fields[19] if fields and fields[0] != "Z" else ""


def _fields(pid: int) -> list[str]:
    """What the kernel tells of a process, from its state on; nothing of one that is not there."""
    return _said(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _said(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""
