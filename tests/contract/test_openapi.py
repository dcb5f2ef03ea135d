# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The extract of operations, the vendor's document and what was really sent agree. What is sent is judged in conftest.py."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.tests.contract import openapi, operations
from ansible_collections.calligo.baas.tests.contract.wire import Exchange

PLACE = {"city": "Esch", "state": "", "country": "Luxembourg", "latitude": 49.5, "longitude": 6.0}
REGION = {"name": "a", "type": "USER_CREATED", "locations": [PLACE]}


@pytest.fixture
def document():
    found = openapi.document()
    if found is None:
        pytest.skip(f"{openapi.VARIABLE} does not name the vendor's OpenAPI document")
    return found


def test_every_operation_is_listed_once():
    names = [one.name.casefold() for one in operations.every()]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("operation", operations.every(), ids=lambda one: one.name)
def test_an_operation_is_as_the_document_has_it(document, operation):
    found = document.operation(operation.method, operation.path)
    assert found, "the document does not describe it"
    path, described = found
    assert (path.casefold(), described.get("operationId", "OpenAPI")) == (operation.path.casefold(), operation.source)
    accepted = {one.where.rpartition(".")[2].lstrip("?") for one in openapi.accepted() if one.call == f"{operation.method} {path}"}
    assert not set(operation.request) - document.keys(operation.method, path, "request") - accepted
    assert not set(operation.reply) - document.keys(operation.method, path, "reply") - accepted


@pytest.mark.parametrize(
    ("exchange", "rules"),
    [
        (Exchange("POST", "/V4/Regions", (), {**REGION, "Name": "b"}, 200, {}), ["unknown key"]),
        (Exchange("POST", "/V4/Regions", (), {**REGION, "name": 1}, 200, {}), ["type"]),
        (Exchange("POST", "/V4/Regions", (), {**REGION, "type": "MADE_UP"}, 200, {}), ["enum"]),
        (Exchange("POST", "/V4/Regions", (), {"name": "a"}, 200, {}), ["required"]),
        (Exchange("POST", "/v4/regions", (), REGION, 200, {"id": "7"}), ["type"]),
        (Exchange("POST", "/V4/Regions", (), REGION, 418, {}), ["status 418"]),
        (Exchange("GET", "/V4/VMGroups", ("hypervisorid", "fq"), None, 200, {}), ["query"]),
        (Exchange("GET", "/V4/VMGroupies", (), None, 200, {}), ["path"]),
        (Exchange("POST", "/V4/Regions", (), REGION, 200, {"id": 7, "name": "a"}), []),
    ],
)
def test_the_judge_sees_what_is_wrong(document, exchange, rules):
    assert [one.rule for one in document.judge(exchange)] == rules


def test_no_reason_is_empty():
    assert all(len(reason) > 20 for reason in openapi.accepted().values())
