# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.
"""Where reports go: the provider's into one directory, each tenant's into one of its own, which may be given to it as it is."""

from __future__ import annotations

import datetime
import json
import os
import typing as t

from .names import safe_file_name

Row = dict[str, t.Any]
Given = t.Mapping[str, t.Any]


def place(directory: str, region: str, tenant: Given | None, span: str) -> str:
    """The directory of a report. tenant: whose it is, None for the provider. span: the day or month that it is of."""
    owner = ("tenants", safe_file_name(tenant["alias"])) if tenant else ("provider", safe_file_name(region))
    return os.path.join(directory, *owner, span)


def whose(tenant: Given | None) -> Row:
    """Whose a report is, as results tell it."""
    return {"host": tenant["host"] if tenant else "", "name": tenant["name"] if tenant else ""}


def written(write_file: t.Callable[..., t.Any], directory: str, files: t.Mapping[str, str], mode: str) -> Row:
    """Write the files of a report; where they are, and whether one is another than before. write_file: of the run's context."""
    paths = {os.path.join(directory, name): text for name, text in files.items()}
    done = [write_file(path, [text], mode, make_directory=True) for path, text in paths.items()]
    return {"directory": directory, "changed": any(one.changed for one in done)}


def json_text(report: Given) -> str:
    """A report as JSON, the same for the same report."""
    return json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def day(moment: str) -> str:
    """The day of a moment in ISO 8601. Raises ValueError for anything else."""
    try:
        return datetime.datetime.fromisoformat(moment).date().isoformat()
    except ValueError:
        raise ValueError(f'"{moment[:80]}" is no time in ISO 8601, such as 2026-11-24T06:00:00Z.') from None
