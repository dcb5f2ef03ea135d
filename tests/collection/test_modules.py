# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every module: documentation, secrets, check mode, action groups. ansible-test compares specs and docs beside this."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire import session as commvault_session
from ansible_collections.calligo.baas.plugins.module_utils._itsm import providers as itsm_providers
from ansible_collections.calligo.baas.plugins.module_utils._vcenter import session as vcenter_session
from ansible_collections.calligo.baas.tests.support.collection import PACKAGE, ROOT, Module, fragment, module_names, options_below

MODULES = [Module(name) for name in module_names()]
PRODUCTS = {"commvault", "itsm", "vcenter"}
# Modules that talk to no product, and so have no connection to set.
ALONE = {
    "backup_check_record",
    "daily_report_files",
    "evidence_files",
    "monthly_report_files",
    "report_mail",
    "residency_report_files",
    "service_request_journal",
    "service_request_record",
    "specification_edit",
}
SECRET = re.compile(r"pass(word|phrase)?$|secret|token|(^|_)key$")
for_every_module = pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
for_every_connected_module = pytest.mark.parametrize(
    "module", [module for module in MODULES if module.name not in ALONE], ids=lambda module: module.name
)


@for_every_module
def test_name_says_the_product(module):
    assert module.name.split("_")[0] in PRODUCTS or module.name in ALONE
    assert module.own_documentation["module"] == module.name


@for_every_module
def test_attributes_are_declared(module):
    attributes = module.documentation["attributes"]
    assert attributes["check_mode"]["support"] == "full"
    assert attributes["diff_mode"]["support"] in ("full", "N/A") or module.name in ALONE
    assert attributes["idempotent"]["support"] in ("full", "partial", "none", "N/A")
    if module.name not in ALONE:
        assert attributes["action_group"]["membership"] == [f"calligo.baas.{module.name.split('_')[0]}", "calligo.baas.all"]


@for_every_module
def test_check_mode_is_supported(module):
    assert module.arguments()["supports_check_mode"] is True


@for_every_module
def test_secrets_are_never_shown(module):
    for path, option in options_below(module.arguments()["argument_spec"]):
        if SECRET.search(path.split(".")[-1]):
            # An option with choices, a number or a switch is only named like a secret; it says so.
            expected = option.get("type", "str") in ("str", "dict", "list") and "choices" not in option
            assert option.get("no_log") is expected, f"{path}: no_log"
            assert option.get("default") is None or not expected, f"{path}: a secret has no default"


@for_every_connected_module
def test_connection_options_are_documented_by_the_shared_fragment(module):
    product = module.name.split("_")[0]
    assert f"calligo.baas.{product}" in module.own_documentation["extends_documentation_fragment"]
    again = fragment(f"calligo.baas.{product}")["options"].keys() & (module.own_documentation.get("options") or {}).keys()
    assert not again, f"described twice: {again}"


@for_every_module
def test_there_are_examples(module):
    used = [task for task in module.examples if f"calligo.baas.{module.name}" in json.dumps(task)]
    assert used, "no example uses the module by its full name"
    assert all(task.get("name", "")[:1].isupper() for task in module.examples)


@for_every_module
def test_no_example_turns_verification_off(module):
    assert not re.search(r'"validate_certs": (false|"no")', json.dumps(module.examples))


@for_every_module
def test_results_are_described(module):
    assert module.returned
    if module.name.endswith("_facts"):
        assert set(module.returned) == {"ansible_facts"}
    for name, described in module.returned.items():
        assert described.get("description") and described.get("type") and described.get("returned"), name


@for_every_module
def test_an_integration_test_runs_it(module):
    texts = [file.read_text(encoding="utf-8") for file in (ROOT / "tests" / "integration").rglob("test_*.py")]
    assert any(f'"{module.name}"' in text for text in texts), "no file below tests/integration runs it"


def test_an_action_plugin_runs_the_module_of_its_name_and_no_other_does():
    folder = ROOT / "plugins" / "action"
    assert {file.stem for file in folder.glob("*.py")} == set(module_names())
    assert {str(file.readlink()) for file in folder.glob("*.py")} == {"../plugin_utils/module_action.py"}


def test_ansible_imports_a_module_before_it_forks_a_worker():
    """All that Ansible's main process does with an action plugin is to load its class, as here; the workers are forked from it then."""
    program = """
import json, sys
from ansible.plugins.loader import action_loader, init_plugin_loader
init_plugin_loader([])
classes = {name: action_loader.get(f"calligo.baas.{name}", class_only=True) for name in json.loads(sys.argv[1])}
print(json.dumps({name: found.module.__name__ for name, found in classes.items()}))
"""
    command = [sys.executable, "-c", program, json.dumps(module_names())]
    env = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {name: f"{PACKAGE}.plugins.modules.{name}" for name in module_names()}


def test_action_groups_hold_every_module_and_nothing_else():
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    for product in PRODUCTS:
        assert groups[product] == [name for name in module_names() if name.startswith(f"{product}_")]
    assert groups["all"] == [{"metadata": {"extend_group": [f"calligo.baas.{product}" for product in sorted(PRODUCTS)]}}]


@pytest.mark.parametrize(("product", "session"), [("commvault", commvault_session), ("itsm", itsm_providers), ("vcenter", vcenter_session)])
def test_shared_options_and_their_fragment_agree(product, session):
    options, documented = session.OPTIONS.options, fragment(f"calligo.baas.{product}")["options"]
    assert options.keys() == documented.keys()
    for name, option in options.items():
        described = documented[name]
        for part, default in (("type", "str"), ("default", None), ("required", False), ("choices", None), ("elements", None)):
            assert option.get(part, default) == described.get(part, default), f"{name}: {part}"
        variables = option["fallback"][1] if "fallback" in option else []
        text = " ".join([described["description"]] if isinstance(described["description"], str) else described["description"])
        assert re.findall(r"E\((\w+)\)", text) == variables, f"{name}: environment variables"
