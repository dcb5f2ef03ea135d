# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The code blocks of guides."""

from __future__ import annotations

import re
import textwrap
import typing as t
from pathlib import Path

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)


def blocks(file: Path) -> t.Iterator[tuple[str, str]]:
    """Language and text of each block; one that is indented has no language."""
    text = file.read_text(encoding="utf-8")
    for found in FENCED.finditer(text):
        yield found[1], found[2]
    for found in INDENTED.finditer(FENCED.sub("", text)):
        yield "", textwrap.dedent(found[0])
