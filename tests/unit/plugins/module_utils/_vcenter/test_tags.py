# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import http.server
import json
import ssl
import threading

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.errors import ApiError, AuthenticationFailed, NotFound
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.rest import API, REST, Rest
from ansible_collections.calligo.baas.plugins.module_utils._vcenter.tags import MANY, read_tags, tagged_vms
from commvaultsim.sandbox.tls import make_certificates

CATEGORIES = {"c1": "Backup", "c2": "Backup/Extra"}
TAGS = {"t1": ("Gold", "c1"), "t2": ("Silver", "c1"), "t3": ("A/B", "c2")}
ATTACHED = {"vm-1": ["t2", "t1"], "vm-2": [], "vm-3": ["t3"]}


class VCenterTags:
    """Both generations of the API: what the two calls of each service answer. It notes what it was asked."""

    def __init__(self, dialect):
        self.dialect = dialect
        self.asked = []
        self.fail = {}
        self.ended = []
        self.token = ""

    def answer(self, method, path, body, headers):
        self.asked.append(f"{method} {path}")
        session = self.dialect.session
        if path == session and method == "POST":
            good = headers["Authorization"] == "Basic " + base64.b64encode("ürs:secret".encode()).decode()
            self.token = f"token {len(self.asked)}"
            return (201 if self.dialect is API else 200, self.token) if good else (401, None)
        if not path.startswith(self.dialect.base):
            return 404, None
        if headers["vmware-api-session-id"] in self.ended:
            return 401, None
        assert headers["vmware-api-session-id"] == self.token
        if path == session:
            return (204, None)
        for part, reply in self.fail.items():
            if part in path:
                return reply
        return 200, self.service(path.removeprefix(self.dialect.base), body)

    def service(self, path, body):
        prefix, action = ("id:", "~action") if self.dialect is REST else ("", "action")
        path, _mark, query = path.removeprefix("/cis/tagging/").partition("?")
        if path == "category":
            return list(CATEGORIES)
        kind, _slash, key = path.partition(f"/{prefix}")
        if query == f"{action}=list-tags-for-category":
            category = key if self.dialect is REST else body["category_id"]
            return [tag for tag, (_name, owner) in TAGS.items() if owner == category]
        if kind == "category":
            return {"id": key, "name": CATEGORIES[key]}
        if kind == "tag":
            return {"id": key, "name": TAGS[key][0], "category_id": TAGS[key][1]}
        if query == f"{action}=list-attached-tags-on-objects":
            return [{"object_id": entry, "tag_ids": ATTACHED.get(entry["id"], [])} for entry in body["object_ids"]]
        others = [{"id": "group-v1", "type": "Folder"}]
        of = {tag: [{"id": vm, "type": "VirtualMachine"} for vm, tags in ATTACHED.items() if tag in tags] for tag in TAGS}
        return [{"tag_id": tag, "object_ids": of[tag] + others} for tag in body["tag_ids"]]


@pytest.fixture(params=[REST, API], ids=["older", "newer"])
def tagging(request):
    return VCenterTags(request.param)


@pytest.fixture
def rest(tagging, tmp_path):
    make_certificates(tmp_path)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, value = tagging.answer(self.command, self.path, body, self.headers)
            wrapped = tagging.dialect is REST and status == 200
            text = value if isinstance(value, bytes) else json.dumps({"value": value} if wrapped else value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text) if status != 204 else 0))
            self.end_headers()
            if status != 204:
                self.wfile.write(text)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, *_arguments):
            pass

    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trust.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = trust.wrap_socket(server.socket, server_side=True)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        made = Rest("127.0.0.1", server.server_address[1], context, "ürs", "secret", 10, 10)
        yield made
        made.close()
        server.shutdown()
        thread.join()


def associations(tagging):
    return [line for line in tagging.asked if "list-attached" in line]


def test_tags_of_many_vms(tagging, rest):
    found = read_tags(rest, ["vm-1", "vm-2", "vm-3", *(f"vm-{number}" for number in range(10, 10 + MANY))])
    assert found["vm-1"] == [
        {"name": "Gold", "category": "Backup", "id": "t1"},
        {"name": "Silver", "category": "Backup", "id": "t2"},
    ]
    assert (found["vm-2"], found["vm-10"], len(found)) == ([], [], MANY + 3)
    assert found["vm-3"] == [{"name": "A/B", "category": "Backup/Extra", "id": "t3"}]
    assert len(associations(tagging)) == 2
    assert len(tagging.asked) == len(associations(tagging)) + len(TAGS) + len(CATEGORIES) + (1 if tagging.dialect is API else 2)


def test_vms_that_have_a_tag(tagging, rest):
    assert tagged_vms(rest, {"Backup/Gold"}) == {"vm-1"}
    assert tagged_vms(rest, {"Backup/Extra/A/B", "Backup/Silver"}) == {"vm-1", "vm-3"}
    assert len(associations(tagging)) == 2


def test_a_tag_that_does_not_exist(rest):
    with pytest.raises(NotFound, match=r'No tag "Backup/Bronze".*There are: Backup/Gold, Backup/Silver'):
        tagged_vms(rest, {"Backup/Gold", "Backup/Bronze"})
    with pytest.raises(NotFound, match="There are: categories Backup, Backup/Extra"):
        tagged_vms(rest, {"Gold"})


def test_nobody_logs_in_before_the_first_call(tagging, rest):
    rest.close()
    assert tagging.asked == []


def test_a_session_is_ended(tagging, rest):
    read_tags(rest, ["vm-2"])
    rest.close()
    assert tagging.asked[-1] == f"DELETE {tagging.dialect.session}"


def test_a_session_that_has_ended_is_begun_again_once(tagging, rest):
    read_tags(rest, ["vm-2"])
    tagging.ended.append(tagging.token)
    assert read_tags(rest, ["vm-2"]) == {"vm-2": []}


def test_a_refused_password(rest):
    rest._password = "wrong"
    with pytest.raises(AuthenticationFailed, match=r'REST API .* refused the user "ürs"'):
        read_tags(rest, ["vm-1"])


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ((403, {"messages": [{"default_message": "No privilege."}]}), "answered 403 to POST .*: No privilege"),
        ((403, {"type": "unauthorized", "value": {"messages": [{"default_message": "No privilege."}]}}), ": No privilege"),
        ((500, {"error_type": "ERROR", "messages": []}), ": ERROR"),
        ((503, b"<html>no healthy\n upstream</html>"), ": no healthy upstream"),
    ],
)
def test_what_the_server_says_is_passed_on(tagging, rest, reply, words):
    tagging.fail["list-attached"] = reply
    with pytest.raises(ApiError, match=words):
        read_tags(rest, ["vm-1"])


@pytest.mark.parametrize("part", ["/category", "list-tags-for-category", "objects-on-tags", "tags-on-objects", "/tag/"])
@pytest.mark.parametrize("value", [b"<html>Please log in</html>", {}, [1], [{}], "text"], ids=str)
def test_an_answer_that_is_not_what_the_call_promises_is_an_error(tagging, rest, part, value):
    tagging.fail[part] = (200, value)
    with pytest.raises(ApiError, match=r"does not answer as a vCenter does to (GET|POST) /cis/tagging/"):
        read_tags(rest, ["vm-1"]) if part == "tags-on-objects" else tagged_vms(rest, {"Backup/Gold"})


def test_an_empty_answer_is_no_empty_list(tagging, rest):
    tagging.fail["objects-on-tags"] = (200, b"")
    with pytest.raises(ApiError, match="does not answer as a vCenter does"):
        tagged_vms(rest, {"Backup/Gold"})


def test_a_server_without_sessions(tagging, rest):
    tagging.dialect = type(tagging.dialect)("/nowhere", "/nowhere", "action", wrapped=False, own_path=False)
    with pytest.raises(ApiError, match="gives no session: 404"):
        read_tags(rest, ["vm-1"])
