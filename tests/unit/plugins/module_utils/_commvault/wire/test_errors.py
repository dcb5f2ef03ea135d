# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.errors import excerpt, faults, warnings

# The envelopes of the API, each as a success and as a failure. E9, E15: replies that are data and hold no error.
SUCCESSES = {
    "E1 flat": {"errorCode": 0, "errorMessage": ""},
    "E2 nested": {"error": {"errorCode": 0, "errorMessage": "", "errorString": "", "warningCode": 0}},
    "E3 response object": {
        "processinginstructioninfo": {"attributes": [{"name": "exitval", "value": "0"}]},
        "response": {"errorCode": 0, "errorString": "", "entity": {"GUID": "x", "_type_": 61, "providerId": 42}},
    },
    "E4 response list": {"response": [{"errorCode": 0, "errorString": "", "warningCode": 0, "entity": {"userId": 12}}]},
    "E5 plan": {"plan": {"id": 71, "name": "gold"}, "errors": []},
    "E6 older plan": {"errors": [{"entity": {}, "status": {"errorCode": 0, "errorMessage": ""}}], "plan": {"summary": {}}},
    "E7 destination": {"planBackupDestination": [{"id": 1, "name": "Primary"}], "failedDestinations": [], "error": {"errorCode": 0}},
    "E8 bare": {"id": 5, "name": "x"},
    "E9 user": {"users": [{"id": 1, "name": "u"}]},
    "E10 login": {"errList": [], "token": "QSDK x"},
    "E11 lock": {"genericError": {"errorCode": 0}, "copies": [{"genericError": {"errorCode": 0}}]},
    "E12 warning": {"errorCode": 0, "warningCode": 3, "warningMessage": "mind"},
    "E13 names": {"errorCode": "NO_ERROR", "errorMessage": ""},
    "E15 data": {"clientId": -32000, "clientName": "x"},
    "E16 task": {"taskId": 9, "jobIds": ["123"]},
    "empty": {},
    "nothing": None,
    "list": [],
}
FAILURES = {
    "E1 flat": ({"errorCode": 5, "errorMessage": "Access denied"}, "5", "Access denied"),
    "E2 nested": ({"error": {"errorCode": 2, "errorMessage": "no such tag", "warningCode": 0}}, "2", "no such tag"),
    "E2 other text": ({"error": {"errorCode": 2, "errorString": "alt text"}}, "2", "alt text"),
    "E3 response object": ({"response": {"errorCode": 3, "errorString": "exists"}}, "3", "exists"),
    "E3 text beside": ({"response": {"errorCode": 7}, "error": {"errorMessage": "cannot deactivate"}}, "7", "cannot deactivate"),
    "E4 response list": ({"response": [{"errorCode": 0}, {"errorCode": 4, "errorString": "no role"}]}, "4", "no role"),
    "E5 plan": (
        {"plan": {"id": 71}, "errors": [{"component": "storagePool", "errorCode": 587207454, "errorMessage": "half done"}]},
        "587207454",
        "half done",
    ),
    "E6 older plan": ({"errors": [{"entity": {}, "status": {"errorCode": 6, "errorMessage": "in use"}}]}, "6", "in use"),
    "E6 delete": ({"error": [{"status": {"errorCode": 6, "errorMessage": "in use"}}]}, "6", "in use"),
    "E7 destination": (
        {"planBackupDestination": [{"id": 1}], "failedDestinations": ["Vault"], "error": {"errorCode": 0}},
        "failedDestinations",
        "not done for: Vault",
    ),
    "E8 refused": ({"errorCode": 409, "errorMessage": "name exists"}, "409", "name exists"),
    "E10 login": ({"errList": [{"errorCode": 1127, "errLogMessage": "wrong"}]}, "1127", "wrong"),
    "E10 renew": ({"error": {"errLogMessage": "expired", "errorCode": 1}}, "1", "expired"),
    "E11 lock": ({"genericError": {"errorCode": 8, "errorMessage": "locked"}, "copies": []}, "8", "locked"),
    "E13 names": ({"errorCode": "VALUE_NOT_FOUND", "errorMessage": "no plan"}, "VALUE_NOT_FOUND", "no plan"),
    "E16 task": ({"errorCode": 2, "errorMessage": "no such VM"}, "2", "no such VM"),
}


@pytest.mark.parametrize("name", SUCCESSES)
def test_no_fault_is_seen_in_a_success(name):
    assert faults(SUCCESSES[name]) == []


@pytest.mark.parametrize("name", FAILURES)
def test_code_and_words_are_found_in_every_envelope(name):
    payload, code, text = FAILURES[name]
    found = faults(payload)
    assert (found[0].code, found[0].text) == (code, text)


def test_every_fault_of_a_partial_success_is_told():
    reply = {"failedDestinations": ["Second", "Third"], "error": {"errorCode": 2, "errorMessage": "one failed"}}
    assert [str(fault) for fault in faults(reply)] == ["one failed (code 2)", "not done for: Second, Third (code failedDestinations)"]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"errorCode": 0, "warningCode": 3, "warningMessage": "nearly full"}, ["nearly full"]),
        ({"response": {"errorCode": 0, "warningCode": 3, "warningMessage": "licence"}}, ["licence"]),
        ({"response": [{"errorCode": 0, "warningCode": 1, "warningMessage": "a"}, {"warningCode": 0, "warningMessage": "b"}]}, ["a"]),
        ({"errorCode": 0, "warningCode": 0, "warningMessage": ""}, []),
        ([], []),
    ],
)
def test_warnings_are_found_beside_success(payload, expected):
    assert warnings(payload) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
        ("<h1>Service  Unavailable</h1>\n<p>later</p>", "Service Unavailable later"),
        ("Unauthorized", "Unauthorized"),
        ("", ""),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_an_excerpt_is_one_short_line(text, expected):
    assert excerpt(text) == expected
