# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guides show can be done: specifications are what roles take, commands and their options exist. YAML runs in test_guides.py."""

from __future__ import annotations

import itertools
import re
import shlex
import typing as t

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.calligo.baas.plugins.module_utils._service.options import options, roles
from ansible_collections.calligo.baas.tests.support.collection import ROOT, tracked_files
from ansible_collections.calligo.baas.tests.support.documents import blocks

GUIDES = [file for file in tracked_files() if file.suffix == ".md" and file.parts[0] in ("README.md", "CONTRIBUTING.md", "docs", "roles")]
YAML = [(str(file), text) for file in GUIDES for language, text in blocks(ROOT / file) if language == "yaml"]
LINES = [
    (str(file), line.strip())
    for file in GUIDES
    for language, text in blocks(ROOT / file)
    if language != "yaml"
    for line in text.splitlines()
]
COMMANDS = [(file, line) for file, line in LINES if line.startswith(("ansible", "make "))]
PLAYBOOKS = {".".join(file.relative_to(ROOT / "playbooks").with_suffix("").parts) for file in (ROOT / "playbooks").rglob("*.yml")}
TARGETS = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def specified(variables: dict[str, t.Any]) -> t.Iterator[str]:
    """What is wrong with variables of a tenant, by the onboarding's argument specification."""
    known = options("tenant_onboarding")
    for name, value in variables.items():
        option = name.replace("baas_", "tenant_onboarding_", 1)
        if option in known:
            yield from ArgumentSpecValidator({option: known[option]}).validate({option: value}).error_messages


@pytest.mark.parametrize(("file", "text"), YAML)
def test_a_specification_is_what_roles_take(file, text):
    shown = yaml.safe_load(text)
    if isinstance(shown, dict):
        assert list(specified(shown)) == []
    for play in shown if isinstance(shown, list) else []:
        used = [role["role"].rpartition(".")[2] for role in play.get("roles", [])]
        assert set(used) <= set(roles())


@pytest.mark.parametrize(("file", "line"), COMMANDS)
def test_a_command_is_there(file, line):
    words = shlex.split(line, comments=True)
    if words[0] == "make":
        assert words[1] in {name for names in TARGETS for name in names.split()}
    for word in words[1:]:
        kind, _dot, name = word.rpartition("calligo.baas.")
        if words[0] == "ansible-playbook" and _dot:
            assert (kind, name) == ("", name) and name in PLAYBOOKS
    for given in [after for before, after in itertools.pairwise(words) if before == "-e"]:
        name, _equals, value = given.partition("=")
        role = next(role for role in roles() if name.startswith(f"{role}_"))
        assert list(ArgumentSpecValidator({name: options(role)[name]}).validate({name: value}).error_messages) == []


def test_there_is_something_to_look_at():
    assert {"README.md", "docs/operating.md"} <= {file for file, _line in COMMANDS}
    assert "README.md" in {file for file, _text in YAML}
