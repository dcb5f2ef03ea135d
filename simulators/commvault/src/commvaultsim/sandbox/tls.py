# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and passwords of a sandbox, made anew at every start, so that nothing secret is ever kept in the repository."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import trustme

PASSWORD_BYTES = 24


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)


def make_certificates(folder: Path) -> None:
    """Make a certificate authority of the sandbox's own and a server certificate for the loopback names.

    Writes ``ca.pem``, ``server.pem`` (with its chain) and ``server.key``; the authority's key is forgotten.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA(organization_name="calligo.baas sandbox")
    server = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    (folder / "server.pem").write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
    write_private(folder / "server.key", server.private_key_pem.bytes())


def make_password(path: Path) -> None:
    """Write a random password to a file."""
    write_private(path, secrets.token_urlsafe(PASSWORD_BYTES).encode())
