#!/usr/bin/python

# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: monthly_report_files
version_added: 0.1.0
short_description: Write the monthly reports of a region
description:
  - Makes the provider's monthly report and one for each tenant from the daily reports of the month, the records of the months before, the evidence of
    restore tests and the records of service requests. It asks no server.
  - Each report is a page that needs no network (C(report.html)), the same as JSON (C(report.json)), and the trend as a table (C(trend.csv)). The
    schema of the JSON is C(monthly_report.schema.json) in the files of the role P(calligo.baas.monthly_report#role).
  - Days without a daily report, and months of which nothing is known, are named, and never counted as zero.
  - The figures of the month are kept as C(provider/<region>/months/<month>.json), from which later reports take their trend. A month without
    such a record is worked out from its daily reports, if they are still there.
  - A file is replaced in one step, and left alone if it is the same already. But for O(made_at), the same files make the same reports.
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
  region:
    description: The region that is reported on.
    type: str
    required: true
  month:
    description: The month, such as V(2026-11).
    type: str
    required: true
  time_zone:
    description: The time zone of the region, as the IANA database calls it.
    type: str
    required: true
  daily_reports:
    description: The directory of the region's daily reports for the provider, which has one for each day.
    type: path
    required: true
  restore_tests:
    description: Directory of the region's evidence of restore tests. Without it the reports name no test.
    type: path
  requests:
    description: Directory of the records of M(calligo.baas.service_request_record). Without it the reports say that none was given.
    type: path
  directory:
    description:
      - Where the reports go, with its whole path, the provider's into C(provider/<region>/<month>), a tenant's into C(tenants/<alias>/<month>).
      - It is an error, in check mode too, if it cannot be made or written to, or has less than 64 MiB free.
    type: path
    required: true
  made_at:
    description: When the reports were made, in ISO 8601, in UTC, as they shall say. Of a month that is not over they tell what was until then.
    type: str
    required: true
  mode:
    description: Permissions of the files.
    type: str
    choices: ["0600", "0640"]
    default: "0640"
seealso:
  - module: calligo.baas.daily_report_files
  - module: calligo.baas.service_request_record
"""

EXAMPLES = r"""
- name: Write the reports of a month
  calligo.baas.monthly_report_files:
    region: luxembourg
    month: "2026-11"
    time_zone: Europe/Luxembourg
    daily_reports: /var/lib/baas/daily_reports/provider/luxembourg
    restore_tests: /var/lib/baas/restore_tests/luxembourg
    requests: /var/lib/baas/requests
    directory: /var/lib/baas/monthly_reports
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
    directory: {description: Where its files are., type: str, returned: always, sample: /var/lib/baas/monthly_reports/tenants/acme/2026-11}
    complete: {description: Whether everything that is there could be read., type: bool, returned: always, sample: true}
    problems: {description: What could not be read., type: list, elements: str, returned: always, sample: []}
    sla_percent: {description: "Its SLA in percent, null where nothing counts.", type: float, returned: always, sample: 99.5}
    days_missing: {description: Days without a daily report., type: list, elements: str, returned: always, sample: []}
    changed: {description: Whether one of its files was written now., type: bool, returned: always, sample: true}
"""

import contextlib
import typing as t

from ansible_collections.calligo.baas.plugins.module_utils._core import charts
from ansible_collections.calligo.baas.plugins.module_utils._core.argspec import ArgumentSpec
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import as_input
from ansible_collections.calligo.baas.plugins.module_utils._core.output import MODES, require_directory
from ansible_collections.calligo.baas.plugins.module_utils._core.runner import Context, run
from ansible_collections.calligo.baas.plugins.module_utils._core.table import csv_text
from ansible_collections.calligo.baas.plugins.module_utils._service import monthly_page, monthly_report, monthly_source, report_files

_PATH = {"type": "path"}
_TEXT = {"type": "str", "required": True}
SPEC = ArgumentSpec(
    {
        **dict.fromkeys(("region", "month", "time_zone", "made_at"), _TEXT),
        **{name: {**_PATH, "required": True} for name in ("daily_reports", "directory")},
        **dict.fromkeys(("restore_tests", "requests"), _PATH),
        "mode": {"type": "str", "choices": list(MODES), "default": "0640"},
    }
)
Json = dict[str, t.Any]


def act(_session: None, context: Context) -> Json:
    params = context.params
    require_directory(params["directory"])
    months = report_files.place(params["directory"], params["region"], None, "months")
    with as_input():
        source = monthly_source.read(params, months)
    record = {f"{source.month}.json": report_files.json_text(source.months[source.month] or {})}
    kept = report_files.written(context.write_file, months, record, params["mode"])
    made = [_written(context, source, tenant) for tenant in (None, *source.tenants)]
    return {"changed": kept["changed"] or any(one["changed"] for one in made), "reports": made}


def _written(context: Context, source: monthly_report.Source, tenant: Json | None) -> Json:
    report = monthly_report.report(source, tenant, context.params["made_at"])
    files = {
        "report.json": report_files.json_text(report),
        "report.html": monthly_page.page(report, charts.lines),
        "trend.csv": csv_text(monthly_report.csv_rows(source, [tenant] if tenant else source.tenants)),
    }
    place = report_files.place(context.params["directory"], source.region, tenant, source.month)
    told = report_files.written(context.write_file, place, files, context.params["mode"])
    figures = {"sla_percent": (report["trend"][-1]["sla"] or {"percent": None})["percent"], "days_missing": report["days_missing"]}
    return {**report_files.whose(tenant), **told, **figures, "complete": report["complete"], "problems": report["problems"]}


def main() -> None:
    run(SPEC, lambda context: contextlib.nullcontext(), act)


if __name__ == "__main__":
    main()
