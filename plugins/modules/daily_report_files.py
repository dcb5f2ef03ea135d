#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: daily_report_files
version_added: 0.1.0
short_description: Write the daily reports of a region
description:
  - Makes the provider's daily report and one for each tenant from what M(calligo.baas.commvault_protection_info) found, all in one task.
  - Each report is a page that needs no network (C(report.html)), the same as JSON (C(report.json)), the systems as a table (C(systems.csv)), and
    the body of an e-mail (C(mail.html)). The schema of the JSON is C(daily_report.schema.json) in the files of the role P(calligo.baas.daily_report#role).
  - A tenant's report is made from the tenant's part alone, and lies in a directory of its own.
  - A file is replaced in one step, and left alone if it is the same already. But for O(made_at), the same document makes the same files.
author:
  - Calligo (@calligo)
requirements:
  - pygal (Python library) on the host that runs the module
extends_documentation_fragment:
  - calligo.baas.attributes
  - calligo.baas.attributes.declarative
attributes:
  diff_mode:
    support: none
    description: Reports are long; the result names the files.
options:
  document:
    description: The file that M(calligo.baas.commvault_protection_info) has written.
    type: path
    required: true
  directory:
    description:
      - Where the reports go, with its whole path, the provider's into C(provider/<region>/<date>), a tenant's into C(tenants/<alias>/<date>).
      - It is an error, in check mode too, if it cannot be made or written to, or has less than 64 MiB free.
    type: path
    required: true
  restore_tests:
    description: Directory of the region's evidence of restore tests. Without it the reports name no test.
    type: path
  checks:
    description:
      - Directory of the region's records of backup checks. Of what has to be done the reports then name the ticket, and they count how the
        problems of the day ended.
    type: path
  made_at:
    description: When the reports were made, as they shall say.
    type: str
    required: true
  mode:
    description: Permissions of the files.
    type: str
    choices: ["0600", "0640"]
    default: "0640"
seealso:
  - module: calligo.baas.commvault_protection_info
"""

EXAMPLES = r"""
- name: Write the reports of a region
  calligo.baas.daily_report_files:
    document: /var/lib/baas/protection.json
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
    complete: {description: Whether everything could be read., type: bool, returned: always, sample: true}
    problems: {description: What could not be read., type: list, elements: str, returned: always, sample: []}
    todo: {description: How many things have to be done., type: int, returned: always, sample: 2}
    changed: {description: Whether one of its files was written now., type: bool, returned: always, sample: true}
"""

import contextlib
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core import charts
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.output import MODES, read_json, require_directory
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._core.table import csv_text
from ansible_collections.calligo.baas.plugins.module_utils._service import daily_page, daily_report, protection_document, report_files

SPEC = ArgumentSpec(
    {
        "document": {"type": "path", "required": True},
        "directory": {"type": "path", "required": True},
        "restore_tests": {"type": "path"},
        "checks": {"type": "path"},
        "made_at": {"type": "str", "required": True},
        "mode": {"type": "str", "choices": list(MODES), "default": "0640"},
    }
)
Json = dict[str, t.Any]


def act(_session: None, context: Context) -> Json:
    params = context.params
    require_directory(params["directory"])
    whole = read_json(params["document"], protection_document.FORMAT)
    records, problems = daily_report.evidence(params["restore_tests"]) if params["restore_tests"] else ([], [])
    check, unread = daily_report.check_of(params["checks"], whole["period"]["days"][-1]) if params["checks"] else (None, [])
    whole = protection_document.with_problems(whole, [*problems, *unread])
    made = [_written(context, whole, None, records, check)]
    made += [_written(context, protection_document.of_tenant(whole, one["host"]), one, records, check) for one in whole["tenants"]]
    return {"changed": any(one["changed"] for one in made), "reports": made}


def _written(context: Context, document: Json, tenant: Json | None, records: list[Json], check: Json | None) -> Json:
    tests = daily_report.restore_tests(records, tenant["host"] if tenant else None)
    report = daily_report.report(document, tenant, tests, context.params["made_at"], check)
    files = {
        "report.json": report_files.json_text(report),
        "report.html": daily_page.page(report, charts.stacked_bars, charts.lines, charts.bars_across),
        "systems.csv": csv_text(daily_report.csv_rows(report)),
        "mail.html": daily_page.mail(report),
    }
    place = report_files.place(context.params["directory"], document["region"], tenant, document["period"]["days"][-1])
    told = report_files.written(context.write_file, place, files, context.params["mode"])
    problems = [problem["text"] for problem in report["problems"]]
    return {**report_files.whose(tenant), **told, "problems": problems, "complete": report["complete"], "todo": len(report["todo"])}


def main() -> None:
    run(SPEC, lambda context: contextlib.nullcontext(), act)


if __name__ == "__main__":
    main()
