# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail server on loopback, with STARTTLS or TLS, that keeps what it is sent."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.message
import email.policy
import socket
import ssl
import typing as t

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

Json = dict[str, t.Any]
PASSWORD = "correct horse battery staple"


class Inbox:
    """What the server was sent, and how it answers: refuse holds addresses, broken makes it go away once it has a mail."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], email.message.EmailMessage]] = []
        self.refuse: set[str] = set()
        self.broken = False
        self.logins: list[tuple[bytes, bool]] = []

    async def handle_RCPT(self, _server: t.Any, _session: t.Any, envelope: t.Any, address: str, _options: t.Any) -> str:  # noqa: N802
        if address in self.refuse:
            return "550 5.1.1 no such\tuser here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: t.Any, _session: t.Any, envelope: t.Any) -> str:  # noqa: N802
        content = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((envelope.rcpt_tos, content))
        if self.broken:
            server.transport.abort()
            await asyncio.sleep(0)
        return "250 OK"

    def log_in(self, _server: t.Any, session: t.Any, _envelope: t.Any, _mechanism: str, data: t.Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, session.ssl is not None))
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@contextlib.contextmanager
def serving(inbox: Inbox, certificate: trustme.LeafCert | None, security: str = "starttls", **more: t.Any) -> t.Iterator[int]:
    """The port of a server that is up. security: tls for one that is secure from the start."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        certificate.configure_cert(context)
    options: Json = {"authenticator": inbox.log_in, "auth_require_tls": True, **more}
    if security == "tls":
        # The library takes STARTTLS alone for encrypted, and offers a login only then.
        options |= {"ssl_context": context, "auth_require_tls": False}
    elif context:
        options |= {"tls_context": context, "require_starttls": True}
    server = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    server.start()
    try:
        yield port
    finally:
        server.stop()
