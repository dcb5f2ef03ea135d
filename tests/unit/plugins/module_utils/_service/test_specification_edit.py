# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tenant's files as people write them, changed many times: only the lines that are meant change."""

from __future__ import annotations

import difflib
import typing as t

import pytest
import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from ansible_collections.calligo.baas.plugins.module_utils._service.specification_edit import edited, require_plain

PLANS = """\
# Plans of acme.   Signed off in 2026 – see the contract

---
baas_plans:   # two of them
- name: "acme-gold"
  destinations:
  -   name: Primary
      storage_pool:   lux-pool-01
      retention_days:    30   # thirty
  # the second copy
  -   {name: 'Secondary', source: Primary, retention_days: '90', extended_retention: [{type: monthly_fulls, retention_days: 365}]}
  sla_days: &days 1
- destinations: [{name: Only, retention_days: "45"}]

  name: acme-files
  sla_days: *days
# the end
"""
SYSTEMS = """\
baas_vm_backup:
    vcenter_folder: 'Tenants/Acme Sàrl'
    groups:
        - name: acme-list
          plan: acme-gold
          vms: [one,   "two" ,
                three]   # by name
        - name: acme-all
          plan: acme-gold
          folders: [""]
          description: >
            Everything,
            that is
        - {name: acme-tags, plan: acme-gold, tags: [Backup/Silver]}
baas_file_backup:
  servers:
    - client: fs01
      access: {kind: windows, host: fs01}
      secret: !vault |
        $ANSIBLE_VAULT;1.1;AES256
        3132
      # one share
      subclients: [{name: data, plan: acme-files, content: ['D:\\']}]
baas_sql_backup:
  servers: []
other: "{{ untouched }}\\t"
"""
UNIX = {"plans.yml": PLANS, "systems.yml": SYSTEMS}
WINDOWS = {name: text.replace("\n", "\r\n") for name, text in UNIX.items()}
SERVER = {
    "access": {"kind": "windows", "host": "h"},
    "subclients": [{"name": "d", "plan": "acme-files", "content": ["D:\\Köln, x", "E:\\"]}],
}

Step = tuple[str, dict[str, t.Any]]


def lines_changed(before: str, after: str) -> tuple[int, int]:
    """How many lines went, and how many came."""
    rows = list(difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True)))
    return sum(row.startswith("- ") for row in rows), sum(row.startswith("+ ") for row in rows)


RETENTIONS = st.tuples(
    st.just("retention"),
    st.fixed_dictionaries(
        {"plan": st.sampled_from(["acme-gold", "ACME-files"]), "destination": st.just(None), "retention_days": st.integers(1, 9999)}
    ),
)
NAMES = st.sampled_from(["one", "two", "vier", "a, b", "Köln-01", "yes", "# no comment", "[x]", "1.5", "it's"])
STATES = st.sampled_from(["present", "absent"])
MACHINES = st.tuples(
    st.just("vm"),
    st.fixed_dictionaries({"group": st.sampled_from(["acme-list", "acme-all"]), "name": NAMES, "state": STATES})
    | st.fixed_dictionaries({"group": st.just("acme-all"), "name": NAMES, "state": STATES, "reason": NAMES}),
)
SERVERS = st.tuples(st.just("file_server"), st.fixed_dictionaries({"client": NAMES, "state": STATES, "definition": st.just(SERVER)}))
INSTANCES = st.tuples(
    st.just("sql_instance"),
    st.fixed_dictionaries(
        {"client": NAMES, "name": st.sampled_from(["A\\B", "C"]), "state": STATES, "definition": st.just({"plan": "acme-gold"})}
    ),
)


@pytest.mark.parametrize("files", [UNIX, WINDOWS], ids=["unix", "windows"])
@settings(max_examples=2, deadline=None, derandomize=True, phases=[Phase.generate])
@given(steps=st.lists(RETENTIONS | MACHINES | SERVERS | INSTANCES, min_size=100, max_size=100))
def test_a_hundred_edits_change_only_what_is_meant(files: dict[str, str], steps: list[Step]) -> None:
    texts = dict(files)
    for kind, wanted in steps:
        found = edited(texts, kind, wanted)
        assert not edited(texts | found, kind, wanted), "a second time changes nothing"
        for name, text in found.items():
            went, came = lines_changed(texts[name], text)
            assert (went <= 2 and came <= 2) or not went or not came or wanted["state"] == "absent", (kind, wanted)
            if files is WINDOWS:
                assert text.count("\n") == text.count("\r\n")
        texts |= found
    ends = "\r\n" if files is WINDOWS else "\n"
    for kept in (
        "# Plans of acme.   Signed off in 2026 – see the contract",
        "baas_plans:   # two of them",
        "  # the second copy",
        "# the end",
    ):
        assert kept in texts["plans.yml"]
    for kept in ('other: "{{ untouched }}\\t"', "      # one share", "    vcenter_folder: 'Tenants/Acme Sàrl'"):
        assert kept + ends in texts["systems.yml"]


TAGGED = "-        - {name: acme-tags, plan: acme-gold, tags: [Backup/Silver]}"


def one(kind: str, wanted: dict[str, t.Any]) -> str:
    """The lines that change, as a diff has them."""
    found = edited(UNIX, kind, wanted)
    rows = [difflib.unified_diff(UNIX[name].splitlines(), text.splitlines(), lineterm="", n=0) for name, text in found.items()]
    return "\n".join(row for diff in rows for row in diff if row[:3] not in ("---", "+++") and row[:2] != "@@")


@pytest.mark.parametrize(
    ("kind", "wanted", "lines"),
    [
        (
            "retention",
            {"plan": "acme-gold", "destination": "primary", "retention_days": 60},
            "-      retention_days:    30   # thirty\n+      retention_days:    60   # thirty",
        ),
        (
            "retention",
            {"plan": "acme-files", "retention_days": "infinite"},
            '-- destinations: [{name: Only, retention_days: "45"}]\n+- destinations: [{name: Only, retention_days: "infinite"}]',
        ),
        (
            "vm",
            {"group": "acme-list", "name": "ONE", "state": "absent"},
            '-          vms: [one,   "two" ,\n+          vms: ["two" ,',
        ),
        (
            "vm",
            {"group": "acme-list", "name": "vier", "state": "present"},
            "-                three]   # by name\n+                three, vier]   # by name",
        ),
        ("vm", {"group": "acme-all", "name": "x", "state": "absent"}, "+          exclude:\n+            vms:\n+              - x"),
        (
            "vm",
            {"group": "acme-tags", "name": "x", "state": "absent"},
            TAGGED + "\n+" + TAGGED[1:-1] + ", exclude: {vms: [x]}}",
        ),
        (
            "vm",
            {"group": "acme-all", "name": "x", "state": "present", "reason": "is off"},
            "+          backup_exceptions:\n+            - vm: x\n+              reason: is off",
        ),
        (
            "sql_instance",
            {"client": "sql01", "name": "SQL01\\P", "state": "present", "definition": {"plan": "acme-gold"}},
            "-  servers: []\n+  servers: [{client: sql01, instances: [{name: SQL01\\P, plan: acme-gold}]}]",
        ),
        ("vm", {"group": "acme-all", "name": "one", "state": "present"}, ""),
    ],
)
def test_the_lines_of_an_edit(kind: str, wanted: dict[str, t.Any], lines: str) -> None:
    assert one(kind, wanted) == lines


def test_the_last_server_leaves_an_empty_list() -> None:
    found = edited(UNIX, "file_server", {"client": "FS01", "state": "absent", "definition": {}})["systems.yml"]
    assert "baas_file_backup:\n  servers: []\nbaas_sql_backup:" in found


def test_a_block_that_is_not_there_yet_gets_a_file_of_its_own() -> None:
    wanted = {"client": "fs02", "state": "present", "definition": SERVER}
    found = edited({"plans.yml": PLANS}, "file_server", wanted, new_file="file_backup.yml")
    assert yaml.safe_load(found["file_backup.yml"]) == {"baas_file_backup": {"servers": [{"client": "fs02", **SERVER}]}}
    with pytest.raises(ValueError, match="in none of the tenant's own files"):
        edited({"plans.yml": PLANS}, "file_server", wanted)


SHARED = """\
base: &base {name: Primary, retention_days: 30}
baas_plans:
  - name: gold
    destinations: [*base]
  - name: silver
    destinations: &all
      - {name: Primary, retention_days: &days 30}
  - name: bronze
    destinations: *all
  - name: own
    destinations:
      - <<: *base
        name: Primary
  - {name: copied, destinations: [{name: Primary, retention_days: *days}]}
"""


@pytest.mark.parametrize("plan", ["gold", "silver", "bronze"])
def test_what_an_anchor_shares_is_not_changed_elsewhere(plan: str) -> None:
    with pytest.raises(ValueError, match=r"Write it out first|without changing more"):
        edited({"p.yml": SHARED}, "retention", {"plan": plan, "retention_days": 7})


@pytest.mark.parametrize("plan", ["own", "copied"])
def test_a_place_that_only_takes_a_shared_value_gets_its_own(plan: str) -> None:
    found = edited({"p.yml": SHARED}, "retention", {"plan": plan, "retention_days": 7})["p.yml"]
    before, after = (
        {one["name"]: one["destinations"][0]["retention_days"] for one in yaml.safe_load(text)["baas_plans"]} for text in (SHARED, found)
    )
    assert after == {**before, plan: 7}


BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)) + "baas_plans: []\n"


@pytest.mark.parametrize(
    ("texts", "wanted", "message"),
    [
        (UNIX, {"plan": "globex-gold", "retention_days": 1}, "has no plan 'globex-gold'. It has: acme-gold, acme-files"),
        (UNIX, {"plan": "acme-gold", "destination": "x", "retention_days": 1}, "has no copy 'x'. It has: Primary, Secondary"),
        ({"a.yml": PLANS, "b.yml": PLANS}, {"plan": "acme-gold", "retention_days": 1}, "several files of the tenant: a.yml, b.yml"),
        ({"a.yml": "baas_plans: '{{ common }}'\n"}, {"plan": "x", "retention_days": 1}, "is a template"),
        ({"a.yml": "baas_plans: [\n"}, {"plan": "x", "retention_days": 1}, "a.yml cannot be read"),
        ({"a.yml": "baas_plans: {x: 1}\n"}, {"plan": "x", "retention_days": 1}, "is not as specifications are"),
        ({"a.yml": BOMB}, {"plan": "x", "retention_days": 1}, "more than 200000 parts"),
    ],
)
def test_what_cannot_be_edited_is_one_sentence(texts: dict[str, str], wanted: dict[str, t.Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        edited(texts, "retention", wanted)
    assert message in str(caught.value) and "\n" not in str(caught.value)


HOSTILE = ["{{ lookup('pipe','id') }}", "a{% raw %}", "a\0b", "a\u202eb", "x" * 10_000, "a\nb", "a\u2028b", "\ud800"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_what_could_do_harm_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as caught:
        require_plain(text)
    assert str(caught.value).isascii() and len(str(caught.value)) < 500
    with pytest.raises(ValueError):
        edited(UNIX, "file_server", {"client": "a", "state": "present", "definition": {"access": {"host": text}}})
