# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Private to this collection: may change in any release.

from __future__ import annotations

import dataclasses
import typing as t


@dataclasses.dataclass(frozen=True)
class ArgumentSpec:
    """Options of a module together with the rules between them, so that composing two specs cannot lose a rule.

    options: as AnsibleModule takes them in argument_spec.
    rules: required_if, required_together, mutually_exclusive, required_one_of, required_by.
    """

    options: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    rules: dict[str, t.Any] = dataclasses.field(default_factory=dict)

    def merge(self, *others: ArgumentSpec) -> ArgumentSpec:
        """Join specs. An option named in two of them is a programming error."""
        options = dict(self.options)
        rules = {name: _copy(entries) for name, entries in self.rules.items()}
        for other in others:
            twice = options.keys() & other.options.keys()
            if twice:
                raise ValueError(f"option defined twice: {', '.join(sorted(twice))}")
            options.update(other.options)
            for name, entries in other.rules.items():
                if isinstance(entries, dict):
                    rules.setdefault(name, {}).update(entries)
                else:
                    rules.setdefault(name, []).extend(entries)
        return ArgumentSpec(options, rules)

    def to_kwargs(self) -> dict[str, t.Any]:
        """The keyword arguments for AnsibleModule."""
        return {"argument_spec": self.options, **self.rules}


def _copy(entries: t.Any) -> t.Any:
    return dict(entries) if isinstance(entries, dict) else list(entries)
