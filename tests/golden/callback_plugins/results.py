# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the result of every task that ran a module of this collection, a line of JSON each, into the file that BAAS_RESULTS names."""

from __future__ import annotations

import json
import os
import typing as t

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: aggregate
short_description: Results of calligo.baas tasks as lines of JSON
description: For the tests that compare them with golden copies.
"""
PREFIX = "calligo.baas."


class CallbackModule(CallbackBase):
    """Set by ansible-playbook."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "results"

    def _write(self, outcome: str, result: t.Any) -> None:
        if not result.task.action.startswith(PREFIX):
            return
        row = {
            "host": result.host.get_name(),
            "task": result.task.get_name(),
            "module": result.task.action.removeprefix(PREFIX),
            "outcome": outcome,
            "result": result.result,
        }
        with open(os.environ["BAAS_RESULTS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._write("ok", result)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:  # noqa: ARG002
        self._write("failed", result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._write("skipped", result)
