# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option of every role means the same as text, which is what the command line, surveys and runners give, and as YAML."""

from __future__ import annotations

import itertools
import json
import re
import typing as t

import pytest
import yaml

from ansible_collections.calligo.baas.plugins.module_utils._service.options import INVENTORY, misspelt, option, options, roles
from ansible_collections.calligo.baas.tests.support.collection import ROOT

SAMPLES: t.Mapping[str, t.Any] = {"bool": False, "int": 7, "float": 1.5, "str": "x", "path": "/x"}
NAMES = [name for role in roles() for name in options(role)]
TEXT_ALREADY = {name for role in roles() for name, one in options(role).items() if one.get("type", "str") == "str"}


def sample(specification: dict[str, t.Any]) -> t.Any:
    """A value as YAML has it."""
    kind = specification.get("type", "str")
    if kind == "list":
        return [sample({**specification, "type": specification.get("elements", "str")})] * 2
    if kind == "dict":
        return {name: sample(part) for name, part in specification.get("options", {}).items()} or {"any": "x"}
    return (specification.get("choices") or [SAMPLES[kind]])[0]


def as_text(value: t.Any) -> t.Any:
    """The same as text: a list of texts with commas, anything else as JSON; a list of dicts cannot be one text, but all in it is."""
    if isinstance(value, list):
        parts = [as_text(part) for part in value]
        return parts if any(isinstance(part, dict) for part in value) else ", ".join(parts)
    if isinstance(value, dict):
        return json.dumps({name: as_text(part) for name, part in value.items()})
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("name", NAMES)
def test_an_option_means_the_same_as_text(name):
    role = next(role for role in roles() if name.startswith(f"{role}_"))
    given = sample(options(role)[name])
    assert option(given, name) == given
    assert option(as_text(given), name) == given


@pytest.mark.parametrize("role", roles())
def test_a_role_takes_its_options_only_in_their_types(role):
    """The one place is vars/main.yml, where each goes through the filter option. What is a text already needs no other type."""
    names = "|".join(name for name in options(role) if name not in TEXT_ALREADY)
    door = re.compile(rf"__({names}): \"{{{{ \1 \| calligo\.baas\.option\('\1'\) }}}}\"")
    # Not what is set for another role or is a key, which is followed by a colon.
    raw = re.compile(rf"(?<![\w.])({names})\b(?!:)")
    home = ROOT / "roles" / role
    files = [file for part in ("tasks", "vars", "templates", "handlers") for file in (home / part).rglob("*") if file.is_file()]
    uses = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()}"
        for file in files
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if raw.search(line) and not door.fullmatch(line) and not line.lstrip().startswith("#")
    ]
    assert uses == []


@pytest.mark.parametrize(
    ("given", "name", "taken"),
    [
        (" acme , boreal", "restore_test_tenants", ["acme", "boreal"]),
        ("", "restore_test_tenants", []),
        ("no", "tenant_onboarding_acceptance", False),
        # YAML reads off as truth, and a text as the only content is as good as a list of one.
        (
            [{"client": "a", "subclients": [{"name": "b", "vss": False, "content": "D:\\Data"}]}],
            "file_backup_servers",
            [{"client": "a", "subclients": [{"name": "b", "vss": "off", "content": ["D:\\Data"]}]}],
        ),
    ],
)
def test_what_is_taken(given, name, taken):
    assert option(given, name) == taken


def test_what_cannot_be_converted_is_named():
    with pytest.raises(ValueError, match=r"vm_backup_first_backup: .*maybe"):
        option("maybe", "vm_backup_first_backup")


def test_every_play_obeys_the_throttle():
    plays = {file.name: yaml.safe_load(file.read_text(encoding="utf-8")) for file in (ROOT / "playbooks").rglob("*.yml")}
    assert plays
    assert {play["throttle"] for play in itertools.chain.from_iterable(plays.values())} == {"{{ baas_throttle | default(0) }}"}


def test_no_role_waits_by_a_loop_of_tasks():
    """Modules wait: a loop of tasks logs in each time, ends at the first error, and fills the screen with failures that are none."""
    files = [*ROOT.glob("roles/*/*/*.yml"), *ROOT.glob("playbooks/**/*.yml")]
    loops = [
        str(file.relative_to(ROOT)) for file in files if re.search(r"^\s*(until|retries):", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert files and loops == []


def test_the_variables_of_the_inventory_are_known():
    """Any other that begins so is an error, so that a misspelt block does not leave out what it names."""
    files = [*ROOT.glob("roles/*/defaults/main.yml"), *ROOT.glob("playbooks/**/*.yml")]
    read = {name for file in files for name in re.findall(r"\bbaas_\w+", file.read_text(encoding="utf-8"))}
    assert read == INVENTORY


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("baas_file_backups", "Did you mean baas_file_backup?"),
        ("baas_zone", "Give a variable of your own another beginning."),
        ("vm_backup_folders", "Did you mean vm_backup_folder?"),
    ],
)
def test_a_variable_that_nobody_reads_is_named(name, said):
    assert misspelt(["baas_tenant", "vm_backup_groups", "vm_backup_result", "other", name], "vm_backup") == [
        f"{name} is no variable of this collection. {said}"
    ]
