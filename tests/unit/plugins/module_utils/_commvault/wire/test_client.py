# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.errors import outcome_unknown
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import (
    ApiError,
    AuthenticationFailed,
    BaasError,
    ConnectionFailed,
    NotFound,
    UnexpectedReply,
)
from ansible_collections.calligo.baas.tests.support.scripted_client import LOGIN, scripted_client

BROKEN = ConnectionFailed("the connection broke", sent=True)
NEVER_LEFT = ConnectionFailed("no connection", sent=False)
EXPIRED = (401, {"errorMessage": "Access denied", "errorCode": 5})
PAGE = "<html><head><title>502 - Web server received an invalid response</title></head><body><h1>Sorry</h1></body></html>"


def lines(wire):
    return [sent.line for sent in wire.sent]


def test_it_logs_in_at_the_first_call_and_out_at_the_end():
    client, wire, _clock = scripted_client({"plans": []}, {"plans": []}, "Logout successful")
    assert wire.sent == []
    client.get("/V4/Plan/Summary")
    client.get("/V4/Plan/Summary")
    client.close()
    assert lines(wire) == ["POST /Login", "GET /V4/Plan/Summary", "GET /V4/Plan/Summary", "POST /Logout"]
    assert wire.closed
    login = wire.sent[0]
    assert base64.b64decode(login.body["password"]).decode() == "correct horse"
    assert "Authtoken" not in login.headers
    assert [sent.headers["Authtoken"] for sent in wire.sent[1:]] == ["QSDK first"] * 3


def test_a_client_that_asked_nothing_sends_nothing():
    client, wire, _clock = scripted_client(logged_in=False)
    client.close()
    assert wire.sent == [] and wire.closed


def test_a_ready_token_wins_and_is_never_logged_out():
    client, wire, _clock = scripted_client({"regions": []}, logged_in=False, token="QSDK ready")
    client.get("/V4/Regions")
    client.close()
    assert lines(wire) == ["GET /V4/Regions"]
    assert wire.sent[0].headers["Authtoken"] == "QSDK ready"


def test_a_ready_token_that_is_refused_is_not_replaced_by_a_login():
    client, wire, _clock = scripted_client(EXPIRED, logged_in=False, token="QSDK ready")
    with pytest.raises(AuthenticationFailed) as error:
        client.get("/V4/Regions")
    assert "token" in str(error.value) and "QSDK ready" not in str(error.value)
    assert len(wire.sent) == 1


@pytest.mark.parametrize("verb", ["get", "post", "put", "delete"])
def test_an_expired_session_is_opened_again_once_and_the_call_repeated_with_its_headers(verb):
    client, wire, _clock = scripted_client(EXPIRED, {"token": "QSDK second"}, {"errorCode": 0, "plan": {}}, company_id=42)
    body = [] if verb in ("get", "delete") else [{"newName": "x"}]
    getattr(client, verb)("/V4/ServerPlan/7", *body)
    assert lines(wire) == ["POST /Login", f"{verb.upper()} /V4/ServerPlan/7", "POST /Login", f"{verb.upper()} /V4/ServerPlan/7"]
    last = wire.sent[-1]
    assert last.headers["Authtoken"] == "QSDK second" and last.headers["operatorCompanyId"] == "42"
    assert last.body == wire.sent[1].body


def test_a_session_that_is_refused_twice_is_an_error_and_no_loop():
    client, wire, _clock = scripted_client(EXPIRED, {"token": "QSDK second"}, EXPIRED)
    with pytest.raises(AuthenticationFailed):
        client.get("/V4/Regions")
    assert len(wire.sent) == 4


def test_a_refused_login_is_not_tried_again_and_shows_the_servers_words_but_no_password():
    refusal = {"errList": [{"errorCode": 1127, "errLogMessage": "Username/Password are incorrect"}]}
    client, wire, _clock = scripted_client(refusal, logged_in=False)
    with pytest.raises(AuthenticationFailed) as error:
        client.get("/V4/Regions")
    text = str(error.value)
    assert "Username/Password are incorrect" in text and "baas-automation" in text
    assert "correct horse" not in text and base64.b64encode(b"correct horse").decode() not in text
    assert len(wire.sent) == 1


def test_a_locked_account_says_for_how_long():
    client, _wire, _clock = scripted_client({"isAccountLocked": True, "remainingLockTime": 240}, logged_in=False)
    with pytest.raises(AuthenticationFailed, match="locked for 240 more seconds"):
        client.get("/V4/Regions")


def test_a_password_that_must_be_changed_is_named():
    client, _wire, _clock = scripted_client({"forcePasswordChange": True, "token": "QSDK x"}, logged_in=False)
    with pytest.raises(AuthenticationFailed, match="must change the password"):
        client.get("/V4/Regions")


def test_a_login_that_meets_another_web_server_points_to_host_and_base_path():
    client, _wire, _clock = scripted_client((404, "<html><title>404 Not Found</title></html>"), logged_in=False)
    with pytest.raises(ApiError, match=r"404 Not Found.*api_base_path"):
        client.get("/V4/Regions")


# Repeating


@pytest.mark.parametrize("verb", ["get", "put", "delete"])
@pytest.mark.parametrize("trouble", [BROKEN, NEVER_LEFT, (502, PAGE), (503, {}), (504, ""), (200, PAGE), (200, "[1"), (200, '{"plan"')])
def test_what_is_safe_to_repeat_is_repeated_with_growing_pauses(verb, trouble):
    client, wire, clock = scripted_client(trouble, trouble, {"errorCode": 0, "plan": {}})
    body: list[dict[str, str]] = [{}] if verb == "put" else []
    getattr(client, verb)("/V4/ServerPlan/7", *body)
    assert len(wire.sent) == 4
    assert clock.sleeps == [0.5, 1.0]


def test_repeating_ends():
    client, wire, _clock = scripted_client(*[(502, PAGE)] * 4)
    with pytest.raises(ApiError) as error:
        client.get("/V4/Regions")
    assert "502 - Web server received an invalid response" in str(error.value) and "<" not in str(error.value)
    assert "try again later" in str(error.value)
    assert error.value.details["status"] == 502
    assert len(wire.sent) == 5


@pytest.mark.parametrize("trouble", [BROKEN, (502, PAGE), (503, {})])
def test_a_creation_is_never_sent_twice_once_it_may_have_arrived(trouble):
    client, wire, _clock = scripted_client(trouble)
    with pytest.raises((ApiError, ConnectionFailed)):
        client.post("/V4/ServerPlan", {"planName": "gold"})
    assert lines(wire) == ["POST /Login", "POST /V4/ServerPlan"]


def test_a_change_that_adds_is_never_sent_twice_either():
    client, wire, _clock = scripted_client(BROKEN)
    with pytest.raises(ConnectionFailed):
        client.put("/V4/ServerPlan/7", {"rpo": {}}, repeat=False)
    assert len(wire.sent) == 2


def test_a_creation_that_never_left_is_sent_again():
    client, wire, _clock = scripted_client(NEVER_LEFT, {"id": 7})
    assert client.post("/V4/company", {}) == {"id": 7}
    assert len(wire.sent) == 3


def test_a_post_that_only_reads_is_repeated():
    client, _wire, _clock = scripted_client((503, {}), {"jobs": []})
    assert client.query("/Jobs", {}) == {"jobs": []}


def test_what_cannot_get_better_is_not_repeated():
    client, wire, clock = scripted_client(ConnectionFailed("certificate", final=True))
    with pytest.raises(ConnectionFailed):
        client.get("/V4/Regions")
    assert len(wire.sent) == 2 and clock.sleeps == []


@pytest.mark.parametrize("verb", ["get", "post", "put", "delete"])
def test_a_call_that_the_server_had_no_room_for_is_sent_again_whatever_it_is(verb):
    """429 means that it was not carried out, so that nothing is done twice."""
    client, wire, clock = scripted_client((429, {}, {"Retry-After": "7"}), (429, {}), {"errorCode": 0, "plan": {}})
    body: list[dict[str, str]] = [{}] if verb in ("post", "put") else []
    getattr(client, verb)("/V4/ServerPlan/7", *body)
    assert len(wire.sent) == 4
    assert 7.0 <= clock.sleeps[0] <= 9.1 and 1.0 <= clock.sleeps[1] <= 1.3


def test_those_that_were_refused_at_once_do_not_come_back_at_once():
    clocks = []
    for _client in range(20):
        client, _wire, clock = scripted_client((429, {}, {"Retry-After": "7"}), {"plan": {}})
        client.get("/V4/ServerPlan/7")
        clocks.append(clock.now)
    assert len(set(clocks)) > 10


@pytest.mark.parametrize("wish", ["7", "600"])
def test_a_limit_that_stays_is_named_in_the_end(wish):
    client, _wire, clock = scripted_client(*[(429, {}, {"Retry-After": wish})] * 60)
    with pytest.raises(ApiError, match="limits how many requests") as error:
        client.post("/V4/ServerPlan", {})
    assert error.value.details["status"] == 429 and sum(clock.sleeps) <= 400


@pytest.mark.parametrize(("wish", "pause"), [("7", 7.0), ("600", 30.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.5), ("soon", 0.5)])
def test_retry_after_is_honoured_within_reason(wish, pause):
    client, _wire, clock = scripted_client((503, {}, {"Retry-After": wish}), {"regions": []})
    client.get("/V4/Regions")
    assert clock.sleeps == [pause]


# Companies


def test_the_company_is_looked_up_once_and_told_with_every_call():
    found = {"providers": [{"connectName": "ACME Sàrl", "shortName": {"id": 142}}]}
    client, wire, _clock = scripted_client(found, {"plans": []}, {"errorCode": 0}, company="Acme Sàrl")
    client.get("/V4/Plan/Summary")
    client.put("/V4/ServerPlan/7", {})
    assert lines(wire) == ["POST /Login", "GET /Organization", "GET /V4/Plan/Summary", "PUT /V4/ServerPlan/7"]
    assert wire.sent[1].params == {"fq": "providers.connectName:eq:Acme Sàrl", "hardRefresh": "true"}
    assert [sent.headers.get("operatorCompanyId") for sent in wire.sent] == [None, None, "142", "142"]


def test_a_company_that_the_server_returns_for_another_name_is_not_taken():
    other = {"providers": [{"connectName": "Acme Sàrl & Co", "shortName": {"id": 143}}]}
    client, wire, _clock = scripted_client(other, company="Acme Sàrl")
    with pytest.raises(NotFound, match="Acme Sàrl"):
        client.get("/V4/Plan/Summary")
    assert len(wire.sent) == 2


def test_in_check_mode_a_missing_company_is_a_warning():
    warned: list[str] = []
    client, _wire, _clock = scripted_client({"providers": []}, {"plans": []}, company="Acme Sàrl", check_mode=True, warn=warned.append)
    assert client.company_missing
    assert client.get("/V4/Plan/Summary") == {"plans": []}
    assert len(warned) == 1 and "Acme Sàrl" in warned[0]


def test_a_company_id_needs_no_look_up():
    client, wire, _clock = scripted_client({"plans": []}, company_id=0)
    client.get("/V4/Plan/Summary")
    assert lines(wire) == ["POST /Login", "GET /V4/Plan/Summary"]
    assert wire.sent[1].headers["operatorCompanyId"] == "0"


# Judging


def test_statuses_that_mean_absent_give_none_and_others_raise():
    client, _wire, _clock = scripted_client(
        (404, {"errorMessage": "not found", "errorCode": 404}), (404, {"errorMessage": "not found", "errorCode": 404})
    )
    assert client.get("/V4/ServerPlan/7", absent=(404,)) is None
    with pytest.raises(ApiError) as error:
        client.get("/V4/ServerPlan/7")
    assert error.value.details == {"call": "GET /V4/ServerPlan/7", "status": 404, "server_code": "404", "server_message": "not found"}


def test_what_is_gone_already_is_no_error_to_a_delete():
    client, _wire, _clock = scripted_client((404, {"errorCode": 404, "errorMessage": "not found"}))
    assert client.delete("/V4/ServerPlan/7") is None


def test_success_with_an_error_code_is_an_error():
    client, _wire, _clock = scripted_client({"error": {"errorCode": 2, "errorMessage": "no such pool"}})
    with pytest.raises(ApiError, match="no such pool"):
        client.put("/V4/ServerPlan/7", {})


def test_an_unchecked_post_gives_the_errors_to_its_caller():
    reply = {"plan": {"id": 7}, "errors": [{"errorCode": 587207454, "errorMessage": "partly"}]}
    client, _wire, _clock = scripted_client(reply)
    assert client.post_unchecked("/V4/ServerPlan", {}) == reply


def test_an_unchecked_post_still_fails_with_a_status():
    client, _wire, _clock = scripted_client((400, {"errorCode": 3, "errorMessage": "bad"}))
    with pytest.raises(ApiError, match="bad"):
        client.post_unchecked("/V4/ServerPlan", {})


def test_a_missing_permission_is_named():
    client, _wire, _clock = scripted_client((403, {"errorCode": 5, "errorMessage": "denied"}))
    with pytest.raises(ApiError, match="lacks a permission"):
        client.get("/V4/Regions")


def test_warnings_are_passed_on_and_are_no_failure():
    warned: list[str] = []
    client, _wire, _clock = scripted_client({"errorCode": 0, "warningCode": 7, "warningMessage": "pool nearly full"}, warn=warned.append)
    client.put("/V4/ServerPlan/7", {})
    assert warned == ["Commvault at PUT /V4/ServerPlan/7: pool nearly full"]


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", PAGE, '{"plans": [{"id"', '{"plans": 7}', '{"plans": [7]}', '{"plans": null}', '{"other": []}']
)
def test_what_is_not_promised_is_never_taken_for_none(body):
    """A proxy's page, a cut body, an object without the list: an error that shows what came."""
    client, wire, _clock = scripted_client(*[(200, body)] * 4)
    with pytest.raises(UnexpectedReply, match=r"GET /V4/Plan/Summary \(HTTP 200\) answered with"):
        client.rows("/V4/Plan/Summary", "plans")
    assert len(wire.sent) == 5


@pytest.mark.parametrize("answer", [(404, ""), (404, PAGE), (404, {"message": "no Route matched with those values"})])
def test_an_absence_that_the_server_did_not_tell_is_none(answer):
    client, _wire, _clock = scripted_client(answer)
    with pytest.raises(ApiError):
        client.get("/V4/ServerPlan/7", absent=(404,))


def test_a_count_of_nothing_is_an_empty_list():
    client, _wire, _clock = scripted_client({"plansCount": 0})
    assert client.rows("/V4/Plan/Summary", "plans") == []


@pytest.mark.parametrize("body", ["[]", PAGE, '{"errorCo'])
def test_a_write_that_something_else_answered_is_not_called_done(body):
    client, _wire, _clock = scripted_client(*[(200, body)] * 4)
    with pytest.raises(UnexpectedReply) as error:
        client.put("/V4/ServerPlan/7", {})
    assert outcome_unknown(error.value)


def test_a_call_without_a_promise_is_a_defect():
    client, _wire, _clock = scripted_client({})
    with pytest.raises(BaasError, match="not declared"):
        client.get("/V4/Unheard/7")


def test_an_answer_that_shows_the_token_is_quoted_without_it():
    client, _wire, _clock = scripted_client(*[(502, "<html>You sent Authtoken: QSDK first</html>")] * 4)
    with pytest.raises(ApiError) as error:
        client.get("/V4/Regions")
    assert "You sent Authtoken: ***" in str(error.value)


def test_errors_never_quote_what_was_sent():
    client, wire, _clock = scripted_client((500, {"errorCode": 1, "errorMessage": "failed"}))
    with pytest.raises(ApiError) as error:
        client.post("/V4/Hypervisor", {"password": "s3cret-of-vcenter"})
    shown = json.dumps(error.value.to_result())
    assert "s3cret" not in shown and "QSDK" not in shown
    assert wire.sent[1].body == {"password": "s3cret-of-vcenter"}


def test_names_in_paths_are_encoded_once():
    client, wire, _clock = scripted_client({"clientProperties": []}, {"clientProperties": []})
    client.get("/Client/byName(clientName='Café 1')")
    client.get("/Client/byName(clientName='100%25')")
    assert lines(wire)[1:] == ["GET /Client/byName(clientName='Caf%C3%A9%201')", "GET /Client/byName(clientName='100%25')"]


def test_log_out_never_fails_the_run():
    client, wire, _clock = scripted_client({"regions": []}, BROKEN)
    client.get("/V4/Regions")
    client.close()
    assert lines(wire)[-1] == "POST /Logout" and wire.closed


def test_without_credentials_it_says_what_to_give():
    client, wire, _clock = scripted_client(logged_in=False, user=None, password=None)
    with pytest.raises(AuthenticationFailed, match="give token, or username and password"):
        client.get("/V4/Regions")
    assert wire.sent == []
    assert LOGIN["token"] not in str(wire.sent)
