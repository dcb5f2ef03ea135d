# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden copies (tests/golden/*.json): what modules and roles said on the demo, with what differs from run to run replaced."""

from __future__ import annotations

import collections
import difflib
import getpass
import json
import re
import typing as t
from pathlib import Path

from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT

FOLDER = CHECKOUT / "tests" / "golden"
SHOWN = 150  # lines of a difference

#: What Ansible and the roles' loops and conditions add to a result, and how often something was asked for.
DROPPED = re.compile(r"_.*|invocation|attempts|ansible_loop_var|failed_when_result|false_condition")
#: Keys of numbers that the server gives. One counter is for all objects and another one, from 1001 on, for jobs.
NUMBERED = re.compile(r"id|(.*_)?(id|job|jobs)s?|parent")
FIRST_JOB = 1001
#: Keys of text or numbers that the run, the machine or the installation decides.
DECIDED = {"port": "port", "mac": "mac", "moid": "moid", "ansible": "version", "key": "device", "created": "time"}
#: Keys of times that something took, or by which a clock is ahead.
DURATIONS = ("seconds", "ahead_seconds")
#: Lists that are made of sets, or in the order of the inventory's groups.
UNORDERED = ("servers", "results")
# The files and backups of the scenario are dated 2025, so a later time is one of the run.
TIME = re.compile(r"20(?:2[6-9]|[3-9]\d)-\d\d-\d\dT\d\d:?\d\d:?\d\d(?:\.\d+)?Z")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RUN = re.compile(r"(?:^|(?<=-))[0-9a-f]{8}(?=$|[^0-9a-f])")
JOB = re.compile(r"(?<=[Jj]ob[ -])\d{4,}")
# In a vCenter; in which order two tenants' VMs are restored is chance.
MOID = re.compile(r"(?<![\w-])(?:vm|datacenter|group|network|dvportgroup|datastore)-[a-z]?\d+(?![\w-])")
# By which vCenter counts the changes of a VM.
CHANGE = re.compile(r"(?<!\d)\d{19}(?!\d)")
PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")


class Normaliser:
    """Replaces volatile values by placeholders, the same value always by the same one; they are numbered in the order of reading.

    :param sandbox: the state directory of the sandbox in which the values were made.
    """

    def __init__(self, sandbox: Path) -> None:
        self._sandbox = str(sandbox)
        self._seen: dict[str, dict[t.Any, str]] = collections.defaultdict(dict)

    def _placeholder(self, kind: str, value: t.Any) -> str:
        return self._seen[kind].setdefault(value, f"<{kind}-{len(self._seen[kind]) + 1}>")

    def _number(self, value: int) -> str:
        return self._placeholder("job" if value >= FIRST_JOB else "id", value)

    def _text(self, text: str) -> str:
        text = CHANGE.sub("<change>", TIME.sub("<time>", text.replace(self._sandbox, "<sandbox>")))
        text = PORT.sub("<port>", UUID.sub(lambda found: self._placeholder("uuid", found[0]), text))
        text = MOID.sub(lambda found: self._placeholder("moid", found[0]), text)
        text = RUN.sub(lambda found: self._placeholder("hex", found[0]), text)
        return JOB.sub(lambda found: self._number(int(found[0])), text)

    def __call__(self, value: t.Any, key: str = "", *, listed: bool = False) -> t.Any:
        """The value as it is kept.

        :param key: the key below which it was found.
        :param listed: it was found in a list there.
        """
        if isinstance(value, dict):
            return {self._text(name): self(value[name], name) for name in sorted(value) if not DROPPED.fullmatch(name)}
        if isinstance(value, list):
            ordered = sorted(value, key=_name) if key in UNORDERED else value
            return [self(element, key, listed=True) for element in ordered]
        if key in (*DURATIONS, *DECIDED) and value is not None:
            return "<seconds>" if key in DURATIONS else self._placeholder(DECIDED[key], value)
        if isinstance(value, str):
            return "<user>" if value == getpass.getuser() else self._text(value)
        counted = key == "jobs" and not listed
        if isinstance(value, int) and not isinstance(value, bool) and value and NUMBERED.fullmatch(key) and not counted:
            return self._number(value)
        return value


def _name(element: t.Any) -> str:
    """What a list without an order is sorted by; elements without a name stay as they are."""
    if isinstance(element, str):
        return element
    label = element.get("name") or element.get("_ansible_item_label")
    return label if isinstance(label, str) else ""


class Golden:
    """Compares with the golden copies, or renews them.

    :param renew: write them instead.
    """

    def __init__(self, *, renew: bool) -> None:
        self.renew = renew

    def __call__(self, name: str, content: t.Any, sandbox: Path) -> None:
        """Compare what a run said with its golden copy; fail with the difference.

        :param name: of the copy, without ``.json``.
        :param sandbox: the state directory of the sandbox in which it ran.
        """
        file = FOLDER / f"{name}.json"
        found = json.dumps(Normaliser(sandbox)(content), indent=1, ensure_ascii=False) + "\n"
        if self.renew:
            file.write_text(found, encoding="utf-8")
            return
        kept = file.read_text(encoding="utf-8") if file.is_file() else ""
        if found != kept:
            lines = list(difflib.unified_diff(kept.splitlines(), found.splitlines(), f"{name}.json", "this run", lineterm="", n=6))
            more = [f"... and {len(lines) - SHOWN} lines more"] if len(lines) > SHOWN else []
            raise AssertionError("\n".join(["This is not what the golden copy says (make golden renews it):", *lines[:SHOWN], *more]))


def read_results(file: Path, host: str) -> list[dict[str, t.Any]]:
    """What a run of ansible-playbook wrote for one host with ``run_playbook(..., results=file)``.

    Left out are what other hosts' restores were at that moment, and how long files of evidence are: there are paths of the sandbox in them.
    """
    found = []
    for row in map(json.loads, file.read_text(encoding="utf-8").splitlines()):
        row["task"] = row["task"].rpartition(" : ")[2]
        if row.pop("host") != host or row["task"] == "List the restores, with the marks that they carry":
            continue
        if row["module"] == "evidence_files":
            for written in row["result"].get("files", ()):
                written["size"] = "<size>"
        found.append(row)
    return found


def read_files(folder: Path, pattern: str = "*.json") -> dict[str, t.Any]:
    """The JSON files below a folder, by their path there."""
    return {str(file.relative_to(folder)): json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob(pattern))}
