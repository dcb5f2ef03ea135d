# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._service import preflight

TENANT = {"name": "Acme Sàrl", "region": "luxembourg"}
REGION = {"name": "luxembourg", "vcenter": {"name": "vc-lux", "region": "luxembourg"}}
POOL = {"name": "pool", "exists": True, "encrypted": True, "region": "luxembourg"}
NODE = {"name": "node", "exists": True, "region": None}
SERVER = {
    "name": "fs01",
    "exists": True,
    "company": None,
    "region": "luxembourg",
    "agents": ["Windows File System"],
    "ready": True,
    "reason": "",
}


def found(**values: t.Any) -> dict[str, t.Any]:
    return {"storage_pools": [POOL], "access_nodes": [NODE], "servers": [SERVER], **values}


def test_nothing_stands_in_the_way() -> None:
    assert preflight.problems(TENANT, REGION, found()) == []
    assert preflight.problems(TENANT, REGION, found(servers=[{**SERVER, "company": "Acme Sàrl"}])) == []


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"storage_pools": [{**POOL, "exists": False, "encrypted": None, "region": None}]}, "storage pool pool does not exist"),
        ({"storage_pools": [{**POOL, "encrypted": False}]}, "does not store encrypted"),
        ({"storage_pools": [{**POOL, "encrypted": None}]}, "does not tell whether"),
        ({"storage_pools": [{**POOL, "region": "jersey"}]}, "storage pool pool is in jersey"),
        ({"access_nodes": [{**NODE, "exists": False}]}, "access node node does not exist"),
        ({"access_nodes": [{**NODE, "region": "jersey"}]}, "access node node is in jersey"),
        ({"servers": [{**SERVER, "exists": False}]}, "file server fs01 does not exist"),
        ({"servers": [{**SERVER, "company": "Boréal"}]}, "belongs to another company"),
        ({"servers": [{**SERVER, "ready": False, "reason": "host unreachable"}]}, "fs01 is not ready: host unreachable"),
        ({"servers": [{**SERVER, "agents": []}]}, "has no File System agent"),
        ({"servers": [{**SERVER, "region": "jersey"}]}, "file server fs01 is in jersey"),
    ],
)
def test_each_problem_is_named(values: dict[str, t.Any], words: str) -> None:
    (problem,) = preflight.problems(TENANT, REGION, found(**values))
    assert words in problem


def test_another_companys_name_is_not_told() -> None:
    (problem,) = preflight.problems(TENANT, REGION, found(servers=[{**SERVER, "company": "Boréal"}]))
    assert "Boréal" not in problem


def test_residency_of_the_region() -> None:
    away = {"name": "jersey", "vcenter": {"name": "vc-jer", "region": "jersey"}}
    assert len(preflight.problems(TENANT, away, found())) == 2


def test_all_problems_come_at_once() -> None:
    everything = found(storage_pools=[{**POOL, "encrypted": False}], servers=[{**SERVER, "ready": False}])
    assert len(preflight.problems(TENANT, REGION, everything, "no folder")) == 3


def test_a_folder_that_another_companys_group_covers_is_no_free_one() -> None:
    group = {"name": "reaching", "company": "Elsewhere Ltd", "company_id": 7}
    (problem,) = preflight.problems(TENANT, covering=[group])
    assert "is backed up by the VM group reaching of another company" in problem and "Elsewhere" not in problem
    own, providers = {**group, "company": "ACME Sàrl"}, {**group, "company": None, "company_id": 0}
    assert preflight.problems(TENANT, covering=[own, providers]) == []


def test_a_variable_that_nobody_reads_stands_in_the_way() -> None:
    (problem,) = preflight.problems(TENANT, variables=["baas_tenant", "baas_file_backups"])
    assert problem.startswith("baas_file_backups is no variable of this collection.")
