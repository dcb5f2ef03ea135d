# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""File names from names that others chose (tenants, VMs, servers), which may hold anything."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 80
_ORDINARY = re.compile(r"[^A-Za-z0-9._-]+")


def safe_file_name(text: str) -> str:
    """A file name without separators, blanks or leading dots, at most 89 characters, from any text.

    What had to be replaced makes the name end in a short hash of the text, so that two names never become one.
    """
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = _ORDINARY.sub("-", plain).strip("-.")[:LONGEST].rstrip("-.")
    if name and name == text:
        return name
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{name}-{digest}" if name else digest
