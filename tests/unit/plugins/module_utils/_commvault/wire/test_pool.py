# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading
import time

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.client import Commvault
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.pool import Pool
from ansible_collections.calligo.baas.plugins.module_utils._commvault.wire.transport import Reply
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import AuthenticationFailed, InputError, NotFound


class Gauge:
    """A read that takes a moment and notes how many of it ran at the same time."""

    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.most = self.calls = 0

    def __call__(self, key):
        with self.lock:
            self.now, self.calls = self.now + 1, self.calls + 1
            self.most = max(self.most, self.now)
        time.sleep(0.005)
        with self.lock:
            self.now -= 1
        if key == "broken":
            raise NotFound("gone")
        return f"read {key}"


@pytest.mark.parametrize("parallel", [1, 3, 8])
def test_never_more_at_a_time_than_allowed_and_each_key_once(parallel):
    gauge = Gauge()
    answers = Pool(parallel).read(gauge, [n % 20 for n in range(60)])
    assert [answers[n] for n in range(20)] == [f"read {n}" for n in range(20)]
    assert gauge.calls == 20 and gauge.most == parallel


def test_an_error_waits_until_its_key_is_asked_for():
    answers = Pool(4).read(Gauge(), ["a", "broken", "b"])
    assert answers["b"] == "read b" and "broken" in answers and "c" not in answers
    with pytest.raises(NotFound, match="gone"):
        answers["broken"]


def test_one_read_needs_no_thread():
    assert Pool(8).read(lambda key: threading.current_thread(), ["only"])["only"] is threading.main_thread()


@pytest.mark.parametrize("parallel", [0, -1, 65])
def test_the_number_is_bounded(parallel):
    with pytest.raises(InputError, match="1 to 64"):
        Pool(parallel)


def test_a_stream_keeps_the_order_and_reads_a_little_ahead():
    gauge, begun = Gauge(), []

    def read(key):
        begun.append(key)
        return gauge(key)

    stream = Pool(8).stream(read, range(50), ahead=2)
    assert next(stream) == "read 0"
    time.sleep(0.05)
    assert len(begun) <= 3, "one that is given, two ahead"
    assert list(stream) == [f"read {n}" for n in range(1, 50)] and gauge.most <= 2


def test_a_stream_that_is_left_reads_no_further_and_raises_in_its_turn():
    gauge = Gauge()
    stream = Pool(2).stream(gauge, ["a", "broken", "b", *range(50)], ahead=2)
    assert next(stream) == "read a"
    with pytest.raises(NotFound):
        next(stream)
    assert gauge.calls < 10


class Server:
    """What lies below a client that many threads use: tokens that expire, and what was asked with which of them."""

    def __init__(self):
        self.lock = threading.Lock()
        self.logins = 0
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.valid = ""
        self.refuse = False
        self.company_seconds = 0.0

    def send(self, _method, url, _params, headers, _body):
        path = url.split("/api")[1]
        with self.lock:
            self.asked.append((path, headers.get("Authtoken"), headers.get("operatorCompanyId")))
            if path == "/Login":
                self.logins += 1
                self.valid = f"token {self.logins}"
                return Reply(200, {}, f'{{"token": "{self.valid}"}}')
            good = headers.get("Authtoken") == self.valid and not self.refuse
        time.sleep(self.company_seconds if path == "/Organization" else 0.002)
        if path == "/Organization":
            return Reply(200, {}, '{"providers": [{"connectName": "Acme", "shortName": {"id": 7}}]}')
        return Reply(200, {}, '{"plan": {}}') if good else Reply(401, {}, "{}")

    def close(self):
        pass


def client_of(server, **options):
    return Commvault(server, "https://cv.example.com/api", user="u", password="p", pool=Pool(16), **options)


def read_all(client, count=40):
    answers = client.pool.read(lambda number: client.get(f"/V4/ServerPlan/{number}"), range(count))
    return [answers[number] for number in range(count)]


def test_threads_share_one_login():
    server = Server()
    assert read_all(client_of(server)) == [{"plan": {}}] * 40
    assert server.logins == 1 and {token for path, token, _company in server.asked if path != "/Login"} == {"token 1"}


def test_a_session_that_expires_is_renewed_once():
    server = Server()
    client = client_of(server)
    read_all(client)
    server.valid = "expired"
    assert read_all(client) == [{"plan": {}}] * 40
    assert server.logins == 2


def test_a_renewed_session_that_is_refused_too_is_an_error():
    server = Server()
    client = client_of(server)
    client.get("/V4/ServerPlan/1")
    server.refuse = True
    with pytest.raises(AuthenticationFailed):
        read_all(client, 1)
    assert server.logins == 2


def test_no_thread_reads_outside_the_company_while_another_looks_it_up():
    server = Server()
    server.company_seconds = 0.05
    read_all(client_of(server, company="Acme"))
    things = [company for path, _token, company in server.asked if path.startswith("/V4/ServerPlan/")]
    assert things == ["7"] * 40 and [path for path, _token, _company in server.asked].count("/Organization") == 1
