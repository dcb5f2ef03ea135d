# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of module_utils/_service as filters. What each takes and gives is in the YAML file of its name beside this one."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.calligo.baas.plugins.module_utils._service import (
    file_protection,
    manifests,
    names,
    offboarding,
    onboarding,
    options,
    preflight,
    protection,
    restore_check,
    restore_leftovers,
    restore_plan,
    restore_record,
    sampling,
    sql_protection,
)

Filter = t.Callable[..., t.Any]


def draw(
    population: t.Sequence[str], region: str = "", period: str = "", salt: str = "", seed: str = "", count: int = 1, beacon: str = ""
) -> dict[str, t.Any]:
    """See draw.yml."""
    used = seed or sampling.seed_of(region, period, population, salt, beacon)
    return {
        "selector": sampling.selector(beacon),
        "seed": used,
        "population_hash": sampling.population_hash(population),
        "population_size": len(set(population)),
        "sample": sampling.draw(used, population, count),
    }


RULES: t.Mapping[str, Filter] = {
    "draw": draw,
    "isolation_checks": restore_check.isolation_checks,
    "manifest": manifests.manifest,
    "offboarding": offboarding.offboarding,
    "onboarding": onboarding.onboarding,
    "option": options.option,
    "planned": onboarding.planned,
    "preflight_problems": preflight.problems,
    "restore_test_leftovers": restore_leftovers.leftovers,
    "restore_test_plan": restore_plan.plan,
    "restore_test_record": restore_record.record,
    "safe_file_name": names.safe_file_name,
    "sql_protection": sql_protection.protection,
    "subclients": file_protection.subclients,
    "vm_groups": protection.vm_groups,
}


class FilterModule:
    """Filters of the service's own rules."""

    def filters(self) -> dict[str, Filter]:
        """The filters by name."""
        return {name: _reported(name, rule) for name, rule in RULES.items()}


def _reported(name: str, rule: Filter) -> Filter:
    """Turn what a rule refuses, or what it was not given, into the error of a filter."""

    @functools.wraps(rule)
    def wrapper(*args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return rule(*args, **kwargs)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise AnsibleFilterError(f"calligo.baas.{name}: {error}") from error

    return wrapper
