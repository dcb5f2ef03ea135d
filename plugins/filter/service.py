# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of module_utils/_service as filters. What each takes and gives is in the YAML file of its name beside this one."""

from __future__ import annotations

import functools
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.calligo.baas.plugins.module_utils._service import (
    database_check,
    evidence,
    file_protection,
    manifest,
    manifests,
    names,
    offboarding,
    population,
    preflight,
    protection,
    restore_check,
    sampling,
    sql_protection,
)

Filter = t.Callable[..., t.Any]


def draw(
    population: t.Sequence[str], region: str = "", period: str = "", salt: str = "", seed: str = "", count: int = 1
) -> dict[str, t.Any]:
    """See draw.yml."""
    used = seed or sampling.seed_of(region, period, population, salt)
    return {
        "selector": sampling.SELECTOR,
        "seed": used,
        "population_hash": sampling.population_hash(population),
        "population_size": len(set(population)),
        "sample": sampling.draw(used, population, count),
    }


RULES: t.Mapping[str, Filter] = {
    "backup_checks": restore_check.backup_checks,
    "check_failures": restore_check.failures,
    "database_checks": database_check.checks,
    "draw": draw,
    "file_checks": restore_check.file_checks,
    "file_systems": population.file_systems,
    "folder_path": protection.folder_path,
    "group_content": protection.group_content,
    "group_members": protection.members,
    "group_properties": protection.properties,
    "isolation_checks": restore_check.isolation_checks,
    "manifest_entries": manifest.entries,
    "manifest_entry": manifest.entry_for,
    "manifest_records": manifests.records,
    "manifest_roots": manifest.roots,
    "manifest_vm": manifest.vm_record,
    "manifest_work": manifests.work,
    "offboarding_activities": offboarding.activities,
    "offboarding_announcement": offboarding.announcement,
    "offboarding_problems": offboarding.problems,
    "offboarding_remaining": offboarding.remaining,
    "plan_storage_pools": preflight.storage_pools,
    "preflight_problems": preflight.problems,
    "removable_plans": offboarding.removable_plans,
    "safe_file_name": names.safe_file_name,
    "sample_failures": evidence.sample_failures,
    "sample_reasons": evidence.sample_reasons,
    "seconds_until": evidence.seconds_between,
    "sql_instances": sql_protection.instances,
    "sql_subclients": sql_protection.subclients,
    "sql_targets": sql_protection.targets,
    "sql_systems": population.sql_systems,
    "stand_in_database": database_check.stand_in,
    "subclients": file_protection.subclients,
    "tenant_specifications": population.specifications,
    "vm_checks": restore_check.vm_checks,
    "vm_systems": population.vm_systems,
    "windows_path": manifest.windows_path,
    "with_vms": population.with_vms,
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
