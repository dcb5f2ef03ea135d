# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Observe, compare, apply: one object, many, and what is told when it stops half-way."""

from __future__ import annotations

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core.engine import (
    Failed,
    Item,
    Many,
    One,
    Resource,
    Seen,
    perform,
    predict,
)
from ansible_collections.calligo.baas.plugins.module_utils._core.errors import ApiError, JobFailed, Refused, UnexpectedReply
from ansible_collections.calligo.baas.plugins.module_utils._core.permit import Permit


class Shop:
    """What is on the other side: objects by name, every write in its order, and what breaks."""

    def __init__(self, **objects):
        self.objects = {name: {"name": name, **record} for name, record in objects.items()}
        self.writes = []
        self.refuses = set()
        self.breaks_at = None

    def write(self, act, name):
        if name == self.breaks_at:
            raise ApiError(f"the shop is closed for {name}", call="POST /shop")
        self.writes.append((act, name))


class Thing(Resource):
    """One object of the shop. What is prepared is the price, which creating needs."""

    secrets = frozenset({"password"})

    def __init__(self, shop, name, **wanted):
        self.shop, self.name, self.wanted = shop, name, wanted
        self.comparers = {"name": lambda want, have: want.casefold() == have.casefold()}

    def observe(self):
        found = self.shop.objects.get(self.name.casefold())
        return Seen(dict(found) if found else None, raw={"shelf": 7})

    def desired(self, _seen):
        return {"name": self.name, **self.wanted}

    def prepare_create(self, seen, _desired):
        return self._price("create", seen)

    def prepare_update(self, seen, _changed):
        return self._price("update", seen)

    def prepare_delete(self, seen):
        return self._price("delete", seen)

    def _price(self, act, seen):
        if (act, self.name) in self.shop.refuses:
            raise Refused(f"no {act}")
        return seen.raw["shelf"] * 3

    def create(self, _seen, desired, means):
        self.shop.write("create", self.name)
        self.shop.objects[self.name.casefold()] = {**desired, "price": means}
        return dict(self.shop.objects[self.name.casefold()])

    def update(self, seen, changed, _means):
        self.shop.write("update", self.name)
        self.shop.objects[self.name.casefold()] |= changed
        return {**seen.known, **changed}

    def delete(self, _seen, _means):
        self.shop.write("delete", self.name)
        del self.shop.objects[self.name.casefold()]


def one(shop, name="a", state="present", **wanted):
    return One(Thing(shop, name, **wanted), state, "thing")


def many(shop, *names, **wanted):
    return Many([Item(f"thing {name}", Thing(shop, name, **wanted)) for name in names], "things")


def test_what_is_missing_is_created_and_gets_what_was_prepared():
    shop = Shop()
    predicted, done = predict(one(shop, size=2, colour=None)), perform(one(shop, size=2, colour=None))
    assert predicted == {"changed": True, "thing": {"name": "a", "size": 2}, "diff": {"before": {}, "after": {"name": "a", "size": 2}}}
    assert done["thing"] == {"name": "a", "size": 2, "price": 21} and shop.writes == [("create", "a")]


def test_what_differs_is_changed_and_only_that():
    shop = Shop(a={"size": 2, "colour": "red"})
    predicted, done = predict(one(shop, "A", size=3)), perform(one(shop, "A", size=3))
    assert predicted == done and done["diff"]["before"] == {"name": "a", "size": 2, "colour": "red"}
    assert done["thing"] == {"name": "a", "size": 3, "colour": "red"} and shop.writes == [("update", "A")]


@pytest.mark.parametrize("wanted", [{}, {"size": 2}, {"colour": None}])
def test_what_is_right_already_is_kept(wanted):
    shop = Shop(a={"size": 2})
    assert perform(one(shop, **wanted)) == predict(one(shop, **wanted))
    assert not perform(one(shop, **wanted))["changed"] and shop.writes == []


def test_what_is_not_wanted_is_deleted_once():
    shop = Shop(a={})
    assert predict(one(shop, state="absent")) == perform(one(shop, state="absent"))
    assert shop.writes == [("delete", "a")]
    assert perform(one(shop, state="absent")) == {"changed": False, "thing": None, "diff": {"before": {}, "after": {}}}


@pytest.mark.parametrize("run", [predict, perform])
@pytest.mark.parametrize(
    ("act", "shop", "state"), [("create", Shop(), "present"), ("update", Shop(a={"size": 1}), "present"), ("delete", Shop(a={}), "absent")]
)
def test_what_must_not_be_is_refused_before_anything_is_written_in_check_mode_too(run, act, shop, state):
    shop.refuses = {(act, "a")}
    with pytest.raises(Refused, match=f"no {act}"):
        run(one(shop, state=state, size=2))
    assert shop.writes == []


def test_secrets_are_written_and_never_shown():
    shop = Shop()
    assert "s3cret" not in str(predict(one(shop, password="s3cret")))
    assert "s3cret" not in str(perform(one(shop, password="s3cret"))) and shop.objects["a"]["password"] == "s3cret"
    assert "other" not in str(perform(one(shop, password="other"))) and shop.objects["a"]["password"] == "other"


def test_many_are_all_allowed_before_the_first_is_written():
    shop = Shop()
    shop.refuses = {("create", "b")}
    with pytest.raises(Refused, match="thing b: no create"):
        perform(many(shop, "a", "b"))
    assert shop.writes == []


def test_many_are_told_each_with_its_label():
    shop = Shop(b={})
    done = perform(many(shop, "a", "b"))
    assert done["changed"] and [(row["name"], row["changed"]) for row in done["things"]] == [("a", True), ("b", False)]
    assert done["diff"] == [
        {"before": {}, "after": {"name": "a", "price": 21}, "before_header": "thing a", "after_header": "thing a"},
    ]


def test_where_one_of_many_fails_the_result_tells_what_was_done_what_failed_and_what_was_not_tried():
    shop = Shop(b={})
    shop.breaks_at = "c"
    with pytest.raises(Failed, match="thing c: the shop is closed") as failure:
        perform(many(shop, "a", "b", "c", "d"))
    result = failure.value.result
    assert shop.writes == [("create", "a")] and result["changed"]
    assert [row["name"] for row in result["things"]] == ["a", "b"]
    assert result["progress"] == {"done": ["thing a", "thing b"], "failed": ["thing c"], "not_tried": ["thing d"]}
    assert failure.value.cause.to_result()["error"] == {"kind": "ApiError", "call": "POST /shop", "object": "thing c"}


def test_where_waiting_fails_what_was_started_is_in_the_result():
    class Waiting(Many):
        def settle(self, _outcomes):
            raise JobFailed("job 7 failed", jobs=[7])

    shop = Shop()
    with pytest.raises(Failed, match=r"^job 7 failed$") as failure:
        perform(Waiting([Item("thing a", Thing(shop, "a"))], "things"))
    assert failure.value.result["things"][0]["changed"] and failure.value.result["progress"]["done"] == ["thing a"]
    assert predict(Waiting([Item("thing b", Thing(shop, "b"))], "things"))["changed"], "nothing is waited for in check mode"


def test_one_thing_that_fails_has_no_list_of_what_was_done():
    shop = Shop()
    shop.breaks_at = "a"
    with pytest.raises(Failed) as failure:
        perform(one(shop))
    assert failure.value.result == {"changed": False}


def test_an_answer_that_cannot_be_read_loses_nothing_of_what_was_done():
    shop = Shop()
    many = Many([Item(name, Thing(shop, name)) for name in ("first", "second", "third")], "things")
    shop.write = lambda act, name: {}["id"] if name == "second" else Shop.write(shop, act, name)
    with pytest.raises(Failed) as error:
        perform(many)
    assert isinstance(error.value.cause, UnexpectedReply) and "KeyError" in str(error.value)
    assert error.value.result["progress"] == {"done": ["first"], "failed": ["second"], "not_tried": ["third"]}
    assert error.value.result["changed"]


@pytest.mark.parametrize(("wanted", "said"), [({"size": 2}, True), ({"password": "new"}, False)])
def test_a_write_that_was_answered_with_nothing_is_read_again(wanted, said):
    """It is an error if nothing changed; what is never shown cannot be read again."""
    shop, permit = Shop(thing={"size": 1}), Permit()

    class Deaf(Thing):
        def update(self, seen, changed, _means):
            permit.use("PUT /shop/7")
            return {**seen.known, **changed}

    def work():
        return One(Deaf(shop, "thing", **wanted), "present", "thing")

    if not said:
        assert perform(work(), permit, work)["changed"]
        return
    with pytest.raises(Failed, match="PUT /shop/7 was answered with success and nothing else") as error:
        perform(work(), permit, work)
    assert isinstance(error.value.cause, UnexpectedReply)
