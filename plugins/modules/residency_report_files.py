#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: residency_report_files
version_added: 0.1.0
short_description: Write the reports of where the data of a region's tenants is
description:
  - Makes the provider's report and one for each tenant from what M(calligo.baas.commvault_residency_info) found, all in one task.
  - Each report is a page that needs no network (C(report.html)), the same as JSON (C(report.json)), and as a table (C(places.csv)). The schema of
    the JSON is C(residency_report.schema.json) in the files of the role P(calligo.baas.residency_report#role).
  - A tenant's report is made from the tenant's part alone, and lies in a directory of its own. Of what belongs to another tenant it tells no name.
  - A file is replaced in one step, and left alone if it is the same already. But for O(made_at), the same document makes the same files.
author:
  - Calligo (@calligo)
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
attributes:
  diff_mode:
    support: none
    description: Reports are long; the result names the files.
options:
  document:
    description: The file that M(calligo.baas.commvault_residency_info) has written.
    type: path
    required: true
  directory:
    description:
      - Where the reports go, with its whole path, the provider's into C(provider/<region>/<date>), a tenant's into C(tenants/<alias>/<date>).
      - It is an error, in check mode too, if it cannot be made or written to, or has less than 64 MiB free.
    type: path
    required: true
  made_at:
    description: When the reports were made, in ISO 8601, in UTC, as they shall say; its day is that of the directories.
    type: str
    required: true
  mode:
    description: Permissions of the files.
    type: str
    choices: ["0600", "0640"]
    default: "0640"
seealso:
  - module: calligo.baas.commvault_residency_info
"""

EXAMPLES = r"""
- name: Write the reports of a region
  calligo.baas.residency_report_files:
    document: /var/lib/baas/residency.json
    directory: /var/lib/baas/reports
    made_at: "{{ now(utc=true).strftime('%Y-%m-%dT%H:%M:%SZ') }}"
"""

RETURN = r"""
reports:
  description: The reports, the provider's first.
  returned: success
  type: list
  elements: dict
  contains:
    host: {description: Inventory name of the tenant; empty for the provider., type: str, returned: always, sample: acme}
    name: {description: Name of the tenant; empty for the provider., type: str, returned: always, sample: Acme Sàrl}
    directory: {description: Where its files are., type: str, returned: always, sample: /var/lib/baas/reports/tenants/acme/2026-11-24}
    proven: {description: Whether everything is known to be where it must be., type: bool, returned: always, sample: true}
    wrong: {description: How many things are not., type: int, returned: always, sample: 0}
    changed: {description: Whether one of its files was written now., type: bool, returned: always, sample: true}
"""

import contextlib
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import as_input
from ansible_collections.calligo.baas.plugins.module_utils._core.output import MODES, read_json, require_directory
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._core.table import csv_text
from ansible_collections.calligo.baas.plugins.module_utils._service import report_files, residency, residency_page

SPEC = ArgumentSpec(
    {
        "document": {"type": "path", "required": True},
        "directory": {"type": "path", "required": True},
        "made_at": {"type": "str", "required": True},
        "mode": {"type": "str", "choices": list(MODES), "default": "0640"},
    }
)
Json = dict[str, t.Any]


def act(_session: None, context: Context) -> Json:
    params = context.params
    require_directory(params["directory"])
    with as_input():
        day = report_files.day(params["made_at"])
    whole = read_json(params["document"], residency.FORMAT)
    made = [_written(context, whole, None, day)]
    made += [_written(context, residency.of_tenant(whole, tenant["host"]), tenant, day) for tenant in whole["tenants"]]
    return {"changed": any(one["changed"] for one in made), "reports": made}


def _written(context: Context, document: Json, tenant: Json | None, day: str) -> Json:
    report = residency.report(document, tenant, context.params["made_at"])
    files = {
        "report.json": report_files.json_text(report),
        "report.html": residency_page.page(report),
        "places.csv": csv_text(residency.csv_rows(report)),
    }
    place = report_files.place(context.params["directory"], document["region"], tenant, day)
    told = report_files.written(context.write_file, place, files, context.params["mode"])
    return {**report_files.whose(tenant), **told, "proven": report["proven"], "wrong": len(report["wrong"])}


def main() -> None:
    run(SPEC, lambda context: contextlib.nullcontext(), act)


if __name__ == "__main__":
    main()
