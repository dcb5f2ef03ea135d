# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.errors import Refused
from ansible_collections.calligo.baas.plugins.module_utils._core.reconcile import Resource, plan, reconcile


class Shelf(Resource):
    """A shop's shelf: what lies on it is a dict outside, which every write changes and counts."""

    secrets = frozenset({"password"})

    def __init__(self, store, refuse=(), **wanted):
        self.comparers = {"name": lambda want, have: want.casefold() == have.casefold()}
        self.store, self.refuse, self.wanted = store, refuse, wanted

    def find(self):
        return dict(self.store["shelf"]) if "shelf" in self.store else None

    def desired(self):
        return dict(self.wanted)

    def create(self, desired):
        self.store["writes"] = [*self.store.get("writes", []), "create"]
        self.store["shelf"] = {"id": 1, **desired}
        return dict(self.store["shelf"])

    def update(self, current, changed):
        self.store["writes"] = [*self.store.get("writes", []), ("update", changed)]
        self.store["shelf"] = {**current, **changed}
        return dict(self.store["shelf"])

    def delete(self, current):
        self.store["writes"] = [*self.store.get("writes", []), ("delete", current["id"])]
        del self.store["shelf"]

    def guard_create(self, _desired):
        self._guard("create")

    def guard_update(self, _current, _changed):
        self._guard("update")

    def guard_delete(self, _current):
        self._guard("delete")

    def _guard(self, act):
        if act in self.refuse:
            raise Refused(f"no {act}")


@pytest.mark.parametrize("check", [True, False])
def test_what_is_missing_is_created(check):
    store: dict[str, t.Any] = {}
    outcome = reconcile(Shelf(store, name="a", size=None), "present", check)
    assert outcome.changed and outcome.before is None
    assert outcome.after == ({"name": "a"} if check else {"id": 1, "name": "a"})
    assert outcome.diff()["before"] == {}
    assert ("shelf" in store) is not check


@pytest.mark.parametrize("check", [True, False])
def test_what_differs_is_changed_and_only_that(check):
    store = {"shelf": {"id": 1, "name": "A", "size": 2, "colour": "red"}}
    outcome = reconcile(Shelf(store, name="a", size=3), "present", check)
    assert outcome.changed
    assert outcome.before == {"id": 1, "name": "A", "size": 2, "colour": "red"}
    assert outcome.after == {"id": 1, "name": "A", "size": 3, "colour": "red"}
    assert store.get("writes", []) == ([] if check else [("update", {"size": 3})])


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(("state", "wanted"), [("present", {"name": "a"}), ("present", {"size": None})])
def test_what_is_right_already_is_kept(check, state, wanted):
    store = {"shelf": {"id": 1, "name": "a"}}
    outcome = reconcile(Shelf(store, **wanted), state, check)
    assert not outcome.changed and outcome.before == outcome.after == {"id": 1, "name": "a"}
    assert "writes" not in store


@pytest.mark.parametrize("check", [True, False])
def test_what_is_not_wanted_is_deleted(check):
    store = {"shelf": {"id": 1, "name": "a"}}
    outcome = reconcile(Shelf(store, name="a"), "absent", check)
    assert outcome.changed and outcome.after is None and outcome.diff() == {"before": {"id": 1, "name": "a"}, "after": {}}
    assert ("shelf" in store) is check


def test_what_is_gone_already_is_no_change():
    outcome = reconcile(Shelf({}, name="a"), "absent", False)
    assert not outcome.changed and outcome.before is None and outcome.after is None


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("act", "store", "state"),
    [
        ("create", {}, "present"),
        ("update", {"shelf": {"id": 1, "name": "b"}}, "present"),
        ("delete", {"shelf": {"id": 1, "name": "a"}}, "absent"),
    ],
)
def test_guards_refuse_before_anything_is_written_in_check_mode_too(check, act, store, state):
    with pytest.raises(Refused, match=f"no {act}"):
        reconcile(Shelf(store, refuse=(act,), name="a"), state, check)
    assert "writes" not in store


def test_secrets_are_written_and_never_shown():
    store: dict[str, t.Any] = {}
    outcome = reconcile(Shelf(store, name="a", password="s3cret"), "present", False)
    assert store["shelf"]["password"] == "s3cret"
    assert "s3cret" not in str(outcome)
    outcome = reconcile(Shelf(store, name="a", password="other"), "present", True)
    assert outcome.changed and "s3cret" not in str(outcome) and "other" not in str(outcome)


def test_a_plan_can_be_made_for_many_before_the_first_is_taken():
    store: dict[str, t.Any] = {}
    with pytest.raises(Refused):
        [plan(shelf, "present") for shelf in (Shelf(store, name="a"), Shelf({}, refuse=("create",), name="b"))]
    assert store == {}
