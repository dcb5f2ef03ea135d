# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports by mail, to a real SMTP server on loopback with a certificate of an authority of the test."""

from __future__ import annotations

import datetime
import json
import typing as t
from pathlib import Path

import pytest
import trustme

from ansible_collections.calligo.baas.tests.support.mail_server import PASSWORD, Inbox, serving
from ansible_collections.calligo.baas.tests.support.modules import Json, run_module

HOSTILE = "Acme\r\nBcc: thief@example.com\r\n\r\n<b>Sàrl</b>"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def port(inbox: Inbox, authority: trustme.CA) -> t.Iterator[int]:
    with serving(inbox, authority.issue_cert("127.0.0.1")) as number:
        yield number


@pytest.fixture
def task(tmp_path: Path, authority: trustme.CA) -> Json:
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    (tmp_path / "mails").mkdir()
    reports = []
    for host, name, place in (("", "", "provider/lux"), ("acme", HOSTILE, "tenants/acme"), ("boreal", "Boréal", "tenants/boreal")):
        directory = tmp_path / "reports" / place / "2026-11-24"
        directory.mkdir(parents=True)
        (directory / "mail.html").write_text(f"<p>body of {host or 'provider'}</p>\n.\n..dots\n", encoding="utf-8")
        (directory / "report.html").write_text(f"<!DOCTYPE html>page of {host or 'provider'} ✓", encoding="utf-8")
        reports.append({"host": host, "name": name, "directory": str(directory)})
    return {
        "host": "127.0.0.1",
        "username": "baas-reports",
        "password": PASSWORD,
        "ca_path": str(tmp_path / "ca.pem"),
        "sender": "baas@example.com",
        "reports": reports,
        "to": ["noc@example.com", "NOC@example.com"],
        "tenants": {"acme": ["lea@acme.example"]},
        "directory": str(tmp_path / "mails"),
        "timeout": 5,
    }


def send(task: Json, port: int, *, check: bool = False, **more: t.Any) -> Json:
    return run_module("report_mail", {**task, "port": port, **more}, check=check)


def records(task: Json) -> dict[str, str]:
    """The state of each mail by recipient."""
    known = [json.loads(path.read_text(encoding="utf-8")) for path in Path(task["directory"]).glob("*.json")]
    return {record["recipient"]: record["state"] for record in known}


def test_each_gets_its_report_once(task: Json, port: int, inbox: Inbox) -> None:
    checked = send(task, port, check=True)
    assert checked["changed"] and inbox.mails == [] and records(task) == {}

    result = send(task, port)
    assert result["changed"] and [mail["state"] for mail in result["mails"]] == ["sent", "sent"], result
    assert [to for to, _mail in inbox.mails] == [["noc@example.com"], ["lea@acme.example"]]
    assert inbox.logins == [(b"baas-reports", True)]
    mail = inbox.mails[1][1]
    body, (page,) = mail.get_body(("html",)), list(mail.iter_attachments())
    assert body is not None and body.get_content().splitlines() == ["<p>body of acme</p>", ".", "..dots"]
    assert page.get_filename() == "report.html" and page.get_content() == "<!DOCTYPE html>page of acme ✓"
    assert "boreal" not in mail.as_string() and "page of provider" not in mail.as_string()

    again = send(task, port)
    assert not again["changed"] and [mail["state"] for mail in again["mails"]] == ["sent", "sent"] and len(inbox.mails) == 2


def test_a_name_adds_no_header(task: Json, port: int, inbox: Inbox) -> None:
    send(task, port)
    to, mail = inbox.mails[1]
    assert to == ["lea@acme.example"] and mail["Bcc"] is None and mail.get_all("To") == ["lea@acme.example"]
    assert mail["Subject"] == "Backups: Acme Bcc: thief@example.com <b>Sàrl</b>, 2026-11-24"


@pytest.mark.parametrize(
    "address", ["a@b.example\nBcc: c@d.example", "a b@c.example", "a@b.example,c@d.example", "Name <a@b.example>", "a", "é@b.example", ""]
)
def test_what_is_no_address_is_refused(task: Json, port: int, inbox: Inbox, address: str) -> None:
    for more in ({"to": [address]}, {"tenants": {"acme": [address]}}, {"sender": address}):
        result = send(task, port, **more)
        assert result.get("failed") and "no mail address" in result["msg"], more
    assert inbox.mails == [] and records(task) == {}


def test_the_addresses_of_an_unknown_tenant_are_an_error(task: Json, port: int, inbox: Inbox) -> None:
    assert "no report of nobody" in send(task, port, tenants={"nobody": ["a@b.example"]})["msg"] and inbox.mails == []


def test_a_server_that_is_down_is_told_and_the_next_run_sends_once(task: Json, authority: trustme.CA, inbox: Inbox) -> None:
    with serving(inbox, authority.issue_cert("127.0.0.1")) as port:
        pass
    result = send(task, port)
    assert result["failed"] and f"127.0.0.1:{port} could not be used" in result["msg"]
    assert records(task) == {"noc@example.com": "not_sent"}
    with serving(inbox, authority.issue_cert("127.0.0.1")) as port:
        assert send(task, port)["changed"] and not send(task, port)["changed"]
    assert len(inbox.mails) == 2 and set(records(task).values()) == {"sent"}


def leaf(authority: trustme.CA, kind: str) -> trustme.LeafCert:
    if kind == "expired":
        return authority.issue_cert("127.0.0.1", not_after=datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1))
    return (trustme.CA() if kind == "stranger" else authority).issue_cert("127.0.0.1" if kind == "stranger" else "mail.example.com")


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize("kind", ["expired", "other name", "stranger"])
def test_a_certificate_that_is_not_trusted_gets_neither_password_nor_mail(
    task: Json, authority: trustme.CA, inbox: Inbox, kind: str, security: str
) -> None:
    with serving(inbox, leaf(authority, kind), security) as port:
        result = send(task, port, security=security)
    assert result["failed"] and "is not trusted" in result["msg"] and "certificate" in result["msg"].casefold()
    assert inbox.mails == [] and inbox.logins == [] and set(records(task).values()) == {"not_sent"}


def test_a_server_that_is_secure_from_the_start_is_used(task: Json, authority: trustme.CA, inbox: Inbox) -> None:
    with serving(inbox, authority.issue_cert("127.0.0.1"), "tls") as port:
        result = send(task, port, security="tls")
    assert result["changed"] and set(records(task).values()) == {"sent"} and len(inbox.mails) == 2


def test_without_starttls_nothing_is_sent(task: Json, inbox: Inbox) -> None:
    with serving(inbox, None, auth_require_tls=False) as port:
        result = send(task, port)
    assert result["failed"] and "STARTTLS" in result["msg"] and inbox.mails == [] and inbox.logins == []


def test_a_password_that_is_refused_is_told_and_not_shown(task: Json, port: int, inbox: Inbox) -> None:
    result = send(task, port, password="wrong battery staple")
    assert result["failed"] and "refused the login" in result["msg"] and inbox.mails == []
    assert "wrong battery staple" not in json.dumps(result) and set(records(task).values()) == {"not_sent"}


def test_one_address_that_is_refused_keeps_no_other_back(task: Json, port: int, inbox: Inbox) -> None:
    inbox.refuse = {"noc@example.com"}
    result = send(task, port)
    assert result["failed"] and result["changed"] and "550 5.1.1 no such user here" in result["msg"]
    assert records(task) == {"noc@example.com": "not_sent", "lea@acme.example": "sent"}
    inbox.refuse = set()
    assert send(task, port)["changed"] and [to for to, _mail in inbox.mails] == [["lea@acme.example"], ["noc@example.com"]]


def test_what_may_have_been_sent_is_not_sent_again_silently(task: Json, port: int, inbox: Inbox) -> None:
    inbox.broken = True
    result = send(task, port, tenants={})
    assert result["failed"] and "may have been sent" in result["msg"] and records(task) == {"noc@example.com": "sending"}
    inbox.broken = False
    result = send(task, port, tenants={})
    assert result["failed"] and "provider/lux/2026-11-24 to noc@example.com" in result["msg"] and len(inbox.mails) == 1
    assert send(task, port, tenants={}, send_again=True)["changed"] and len(inbox.mails) == 2
    assert inbox.mails[0][1]["Message-ID"] == inbox.mails[1][1]["Message-ID"]
    assert not send(task, port, tenants={})["changed"]


def test_a_run_that_was_killed_while_it_sent_is_seen_by_the_next(task: Json, port: int, inbox: Inbox) -> None:
    send(task, port, tenants={})
    (path,) = Path(task["directory"]).glob("*.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**record, "state": "sending", "reason": "x"}), encoding="utf-8")
    assert send(task, port, tenants={})["failed"] and len(inbox.mails) == 1


def test_a_record_that_cannot_be_read_sends_nothing(task: Json, port: int, inbox: Inbox) -> None:
    send(task, port, tenants={})
    (path,) = Path(task["directory"]).glob("*.json")
    path.write_text("{", encoding="utf-8")
    result = send(task, port, tenants={})
    assert result["failed"] and str(path) in result["msg"] and len(inbox.mails) == 1


def test_without_the_directory_of_records_nothing_is_sent(task: Json, port: int, inbox: Inbox, tmp_path: Path) -> None:
    result = send(task, port, directory=str(tmp_path / "gone"))
    assert result["failed"] and str(tmp_path / "gone") in result["msg"] and inbox.mails == []


def test_a_report_that_is_gone_is_named(task: Json, port: int, inbox: Inbox) -> None:
    (Path(task["reports"][0]["directory"]) / "mail.html").unlink()
    result = send(task, port)
    assert result["failed"] and "mail.html" in result["msg"] and inbox.mails == [] and records(task) == {}
