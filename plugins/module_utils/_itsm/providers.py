# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""How the modules itsm_… reach the tickets: the one place that knows all providers."""

from __future__ import annotations

import contextlib
import typing as t

from .._core.argspec import ArgumentSpec
from .files import TicketFiles
from .tickets import Desk

if t.TYPE_CHECKING:
    from .._core.runner import Context

OPTIONS = ArgumentSpec(
    {
        "provider": {"type": "str", "choices": ["file"], "required": True},
        "directory": {"type": "path"},
    },
    {"required_if": [("provider", "file", ["directory"])]},
)
"""Where tickets are kept. The doc fragment calligo.baas.itsm describes the same options."""


def connect(context: Context) -> contextlib.AbstractContextManager[Desk]:
    """The desk that the options name."""
    return contextlib.nullcontext(TicketFiles(context.params["directory"], context))
