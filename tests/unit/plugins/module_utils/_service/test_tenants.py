# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import tenants

REGION = {
    "name": "luxembourg",
    "vcenter": {"name": "vc-lux"},
    "access_nodes": ["lux-an-01"],
    "restore_test": {"folder": "Restore tests", "file_client": "lux-restore-01", "access_node": "lux-an-02"},
}
VARIABLES: dict[str, dict[str, t.Any]] = {
    "acme": {
        "baas_tenant": {"name": "Acme Sàrl", "alias": "acme"},
        "baas_region": REGION,
        "baas_vm_backup": {"vcenter_folder": "Tenants/Acme"},
        "baas_file_backup": {"servers": [{"client": "acme-fs01"}]},
        "baas_sql_backup": {"servers": [{"client": "acme-sql01"}, {"client": "acme-fs01"}]},
    },
    "small": {"baas_tenant": {"name": "Small", "alias": "small"}},
    "no_tenant": {},
    "luxembourg": {"baas_region": REGION},
}
KNOWN = tenants.claims(VARIABLES, ["acme", "small", "no_tenant"], ["luxembourg"])
CAFE = {"name": "Café", "alias": "cafe"}


def test_what_is_text_claims_the_same() -> None:
    """As the command line, surveys and runners give it."""
    region = {**REGION, "access_nodes": "lux-an-01"}
    blocks = {host: {name: {**block} for name, block in known.items()} for host, known in VARIABLES.items()}
    for host in ("acme", "luxembourg"):
        blocks[host]["baas_region"] = region
    texts = {host: {name: json.dumps(block) for name, block in known.items()} for host, known in blocks.items()}
    texts["small"] |= dict.fromkeys(("baas_vm_backup", "baas_file_backup", "baas_sql_backup"), "")
    assert tenants.claims(blocks, ["acme", "small", "no_tenant"], ["luxembourg"]) == KNOWN
    assert tenants.claims(texts, ["acme", "small", "no_tenant"], ["luxembourg"]) == KNOWN


def test_claims_hold_names_alone() -> None:
    assert KNOWN[0] == {
        "host": "acme",
        "name": "Acme Sàrl",
        "alias": "acme",
        "vcenter": "vc-lux",
        "folder": "Tenants/Acme",
        "servers": ["acme-fs01", "acme-sql01"],
    }
    assert [claim["host"] for claim in KNOWN] == ["acme", "small", "luxembourg"]
    assert KNOWN[2]["servers"] == ["lux-an-01", "lux-an-02", "lux-restore-01"]


@pytest.mark.parametrize(
    "mine",
    [
        {**CAFE, "folder": "Tenants/Café", "servers": ["cafe-fs01"]},
        {**CAFE, "folder": "Tenants/Acme and sons"},
        {**CAFE, "folder": "Tenants/Acme", "vcenter": "vc-jer"},
        {**CAFE, "folder": None},
        {"name": "ACME SÀRL", "alias": "ACME", "folder": "Tenants/Acme/Web", "servers": ["acme-fs01"]},
        {"name": "Acme Sàrl", "servers": ["acme-sql01"]},
    ],
)
def test_ones_own_is_no_conflict(mine: dict[str, t.Any]) -> None:
    assert list(tenants.conflicts(mine, KNOWN)) == []


@pytest.mark.parametrize(
    ("mine", "words"),
    [
        ({"folder": "/tenants//ACME/"}, "belongs to the tenant acme"),
        ({"folder": "/Luxembourg/vm/Tenants/Acme"}, "belongs to the tenant acme"),
        ({"folder": "Tenants/Acme/Web"}, "lies in that of the tenant acme"),
        ({"folder": "Tenants", "vcenter": "vc-lux"}, "In the folder Tenants lies that of the tenant acme"),
        ({"folder": "Restore tests/x"}, "lies in that of the provider in luxembourg"),
        ({"servers": ["ACME-FS01"]}, "server ACME-FS01 belongs to the tenant acme"),
        ({"servers": ["lux-an-01"]}, "server lux-an-01 belongs to the provider in luxembourg"),
        ({"servers": ["lux-restore-01"]}, "server lux-restore-01 belongs to the provider"),
        ({"alias": "Acme"}, "The alias Acme is that of the tenant acme"),
        ({"name": "acme sàrl"}, "The company acme sàrl is that of the tenant acme, too, by another alias"),
    ],
)
def test_what_is_anothers_is_told(mine: dict[str, t.Any], words: str) -> None:
    (problem,) = tenants.conflicts({**CAFE, **mine}, KNOWN)
    assert words in problem
    assert "Acme Sàrl" not in problem


def test_the_root_of_all_folders_holds_those_of_all() -> None:
    assert len(list(tenants.conflicts({**CAFE, "folder": ""}, KNOWN))) == 2
