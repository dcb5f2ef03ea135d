# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing is without its rows in the matrices, and the page has all of them."""

from __future__ import annotations

from ansible_collections.calligo.baas.tests.faults import test_replies, test_vcenter_calls
from ansible_collections.calligo.baas.tests.support.collection import module_names
from ansible_collections.calligo.baas.tests.support.interruptions import CASES
from ansible_collections.calligo.baas.tests.support.playbooks import CHECKOUT

#: Modules that ask no server.
ALONE = {"evidence_files"}


def test_every_playbook_is_interrupted() -> None:
    assert {case.playbook for case in CASES.values()} == {file.stem for file in (CHECKOUT / "playbooks").glob("*.yml")}


def test_every_module_meets_bad_replies() -> None:
    assert {*test_replies.ANSWERING, *test_vcenter_calls.ASKING, *ALONE} == set(module_names())
