# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module at its edge: the files on disk, the history of git, and the remote."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.calligo.baas.plugins.module_utils._core import checkout as checkout_file
from ansible_collections.calligo.baas.plugins.module_utils._core import host_files
from ansible_collections.calligo.baas.tests.support.collection import ROOT
from ansible_collections.calligo.baas.tests.support.modules import run_module

MODULE = "specification_edit"
PLANS = """\
baas_plans: # Léa's
  - name: {0}-gold
    destinations:
      - {{name: Primary, storage_pool: p, retention_days: 30}} # signed
"""
COMMIT = {"commit_message": "RITM1: retention of acme-gold", "author_name": "Léa Weber", "author_email": "lea@example.com"}


def git(directory, *arguments):
    env = {"PATH": os.environ["PATH"], "HOME": str(directory), "GIT_CONFIG_NOSYSTEM": "1"}
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    done = subprocess.run(["git", "-C", str(directory), *identity, *arguments], env=env, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    """A checkout of a remote, with the variables of two tenants, one with Windows line ends."""
    remote, top = tmp_path / "remote.git", tmp_path / "inventory"
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(tmp_path, "clone", "--quiet", str(remote), str(top))
    git(top, "checkout", "--quiet", "-b", "main")
    for tenant in ("acme", "globex"):
        folder = top / "host_vars" / tenant
        folder.mkdir(parents=True)
        text = PLANS.format(tenant)
        (folder / "plans.yml").write_bytes((text if tenant == "acme" else text.replace("\n", "\r\n")).encode())
    git(top, "add", ".")
    git(top, "commit", "--quiet", "--message", "begin")
    git(top, "push", "--quiet", "--set-upstream", "origin", "main")
    return top


def options(top, days=60, tenant="acme", **more):
    retention = {"plan": f"{tenant}-gold", "destination": "Primary", "retention_days": days}
    return {"path": str(top / "host_vars" / tenant), "retention": retention, **COMMIT, **more}


def run(given, *, check=False):
    result = run_module(MODULE, given, check=check)
    assert not result.get("failed"), result
    return result


def plans(top, tenant="acme"):
    return (top / "host_vars" / tenant / "plans.yml").read_bytes().decode()


def snapshot(top):
    return {str(path): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file() and path.name != ".lock"}


def test_a_change_is_committed_in_the_name_of_who_asked(repository):
    (repository / "host_vars" / "globex" / "note.yml").write_text("half: done\n", encoding="utf-8")
    git(repository, "add", ".")
    before = snapshot(repository)
    predicted = run(options(repository), check=True)
    assert predicted["changed"] and predicted["edit"]["done"] and snapshot(repository) == before
    assert predicted["diff"][0]["after"] == plans(repository).replace("30", "60")
    result = run(options(repository))
    assert result["changed"] and result["diff"] == predicted["diff"]
    assert plans(repository) == PLANS.format("acme").replace("30", "60")
    assert result["edit"]["commit"] == git(repository, "rev-parse", "HEAD")
    assert git(repository, "log", "-1", "--format=%an <%ae>|%cn|%B") == f"Léa Weber <lea@example.com>|Léa Weber|{COMMIT['commit_message']}"
    assert git(repository, "show", "--name-only", "--format=") == "host_vars/acme/plans.yml"
    # What somebody else has prepared is left as it was.
    assert git(repository, "status", "--porcelain") == "A  host_vars/globex/note.yml"
    again = run(options(repository))
    assert not again["changed"] and git(repository, "rev-list", "--count", "HEAD") == "2"


def test_windows_line_ends_stay(repository):
    run(options(repository, tenant="globex"))
    assert plans(repository, "globex") == PLANS.format("globex").replace("30", "60").replace("\n", "\r\n")
    assert git(repository, "diff", "HEAD~1", "--numstat") == "1\t1\thost_vars/globex/plans.yml"


def test_a_file_that_was_written_and_not_committed_is_committed_by_the_next_run(repository):
    """As a run leaves it that was killed in between."""
    path = repository / "host_vars" / "acme" / "plans.yml"
    path.write_text(plans(repository).replace("30", "60"), encoding="utf-8")
    (path.parent / ".plans.yml.abcd1234").write_text("half", encoding="utf-8")
    result = run(options(repository))
    assert result["changed"] and git(repository, "status", "--porcelain") == ""
    assert git(repository, "rev-list", "--count", "HEAD") == "2"


def test_what_somebody_else_has_not_committed_is_refused(repository):
    path = repository / "host_vars" / "acme" / "plans.yml"
    path.write_text(plans(repository) + "# mine\n", encoding="utf-8")
    before = snapshot(repository)
    for check in (True, False):
        assert "was changed and not committed" in run_module(MODULE, options(repository), check=check)["msg"]
    assert snapshot(repository) == before


def test_a_push_ends_a_run_that_was_killed_before_it(repository):
    run(options(repository))
    assert git(repository, "rev-parse", "origin/main") != git(repository, "rev-parse", "HEAD")
    pushing = options(repository, remote="origin")
    assert run(pushing, check=True)["changed"]
    assert run(pushing)["edit"]["pushed"] and not run(pushing)["changed"]
    assert git(repository.parent / "remote.git", "rev-parse", "main") == git(repository, "rev-parse", "HEAD")


def elsewhere(repository, old, new):
    """Somebody else changes a line and pushes it."""
    other = repository.parent / "other"
    if not other.is_dir():
        git(repository.parent, "clone", "--quiet", str(repository.parent / "remote.git"), str(other))
    path = other / "host_vars" / "acme" / "plans.yml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    git(other, "commit", "--quiet", "--all", "--message", "elsewhere")
    git(other, "push", "--quiet")


def test_a_push_that_comes_second_goes_on_top(repository):
    other = repository.parent / "other"
    git(repository.parent, "clone", "--quiet", str(repository.parent / "remote.git"), str(other))
    (other / "host_vars" / "globex" / "new.yml").write_text("a: 1\n", encoding="utf-8")
    git(other, "add", ".")
    git(other, "commit", "--quiet", "--message", "elsewhere")
    git(other, "push", "--quiet")
    result = run(options(repository, remote="origin"))
    assert result["edit"]["pushed"] and result["edit"]["commit"] == git(repository.parent / "remote.git", "rev-parse", "main")
    assert git(repository, "log", "--format=%s") == f"{COMMIT['commit_message']}\nelsewhere\nbegin"


def test_a_conflict_is_refused_and_everything_is_as_before(repository):
    elsewhere(repository, "30", "45")
    before, head = plans(repository), git(repository, "rev-parse", "HEAD")
    failed = run_module(MODULE, options(repository, remote="origin"))
    assert failed["failed"] and "Somebody else has pushed a change of the same lines" in failed["msg"]
    assert (plans(repository), git(repository, "rev-parse", "HEAD"), git(repository, "status", "--porcelain")) == (before, head, "")


def test_where_nothing_can_be_pushed_a_patch_is_left(repository):
    git(repository, "remote", "set-url", "origin", str(repository.parent / "nowhere.git"))
    patch = repository.parent / "artefacts" / "RITM1.patch"
    result = run(options(repository, remote="origin", patch_file=str(patch)))
    assert not result["changed"] and not result["edit"]["done"] and "git push failed" in result["edit"]["problem"]
    assert plans(repository) == PLANS.format("acme") and git(repository, "rev-list", "--count", "HEAD") == "1"
    git(repository, "apply", str(patch))
    assert plans(repository) == PLANS.format("acme").replace("30", "60")


@pytest.mark.parametrize("why", ["no checkout", "no branch", "read only"])
def test_where_it_would_not_stay_a_patch_is_left(repository, why, monkeypatch):
    if why == "no checkout":
        (repository / ".git").rename(repository.parent / "away")
    elif why == "no branch":
        git(repository, "checkout", "--quiet", "--detach")
    else:
        monkeypatch.setattr(host_files.os, "access", lambda path, mode: False)
    patch = repository.parent / "RITM1.patch"
    given = options(repository, patch_file=str(patch))
    assert not run(given, check=True)["edit"]["done"] and not patch.exists()
    result = run(given)
    assert (result["changed"], result["edit"]["done"], result["edit"]["patch"]) == (False, False, str(patch))
    assert plans(repository) == PLANS.format("acme")
    assert "+      - {name: Primary, storage_pool: p, retention_days: 60} # signed\n" in patch.read_text(encoding="utf-8")


def test_a_directory_of_no_checkout_is_written_where_it_is_said_to_be_the_inventory(tmp_path):
    (tmp_path / "host_vars").mkdir()
    file = tmp_path / "host_vars" / "acme.yml"
    file.write_text(PLANS.format("acme"), encoding="utf-8")
    file.chmod(0o600)
    assert run(options(tmp_path, unversioned=True))["edit"]["done"]
    assert file.read_text(encoding="utf-8") == PLANS.format("acme").replace("30", "60") and file.stat().st_mode & 0o777 == 0o600
    assert not run(options(tmp_path, unversioned=True))["changed"]


def test_a_hook_that_refuses_leaves_everything_as_before(repository):
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\necho 'no changes on Fridays' >&2\nexit 1\n", encoding="utf-8")
    hook.chmod(0o755)
    failed = run_module(MODULE, options(repository))
    assert failed["failed"] and "no changes on Fridays" in failed["msg"]
    assert plans(repository) == PLANS.format("acme") and git(repository, "status", "--porcelain") == ""


def test_links_lead_nowhere(repository):
    secret = repository.parent / "secret.yml"
    secret.write_text(PLANS.format("acme"), encoding="utf-8")
    file = repository / "host_vars" / "acme" / "plans.yml"
    file.unlink()
    file.symlink_to(secret)
    assert "it is a symbolic link" in run_module(MODULE, options(repository))["msg"]
    (repository / "host_vars" / "evil").symlink_to(repository / "host_vars" / "globex")
    given = {**options(repository, tenant="globex"), "path": str(repository / "host_vars" / "evil")}
    assert "it is a symbolic link" in run_module(MODULE, given)["msg"]
    assert secret.read_text(encoding="utf-8") == PLANS.format("acme")
    assert plans(repository, "globex") == PLANS.format("globex").replace("\n", "\r\n")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"path": "host_vars/acme"}, "is no path of a host"),
        ({"path": "/x/host_vars/.."}, "is no path of a host"),
        ({"path": "/x/host_vars/a; rm -rf /"}, "is no path of a host"),
        ({"commit_message": "a\nb"}, "not seen"),
        ({"commit_message": " "}, "has to be a line of text"),
        ({"author_email": "a> <b"}, "has to be a line of text"),
        ({"remote": "--upload-pack=id"}, "is no name of one"),
        ({"branch": "a..b"}, "is no name of one"),
        ({"retention": {"plan": "{{ lookup('pipe','id') }}", "retention_days": "1"}}, "looks like a template"),
        ({"retention": {"plan": "globex-gold", "retention_days": "1"}}, "has no plan 'globex-gold'. It has: acme-gold."),
        ({"retention": {"plan": "acme-gold", "retention_days": "1e3"}}, "days from 1 to 9999"),
    ],
)
def test_what_is_hostile_changes_nothing(repository, changed, message):
    before = snapshot(repository)
    for check in (True, False):
        failed = run_module(MODULE, {**options(repository), **changed}, check=check)
        assert failed["failed"] and message in failed["msg"], failed
    assert snapshot(repository) == before


PROGRAM = """
import json
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.calligo.baas.tests.support.modules import run_module
print(json.dumps(run_module("specification_edit", json.loads(sys.argv[2]))))
"""


def test_requests_at_once_are_all_done_and_none_is_lost(repository):
    import json

    extra = "".join(f"  - {{name: acme-{n}, destinations: [{{name: Primary, retention_days: 30}}]}}\n" for n in range(3))
    path = repository / "host_vars" / "acme" / "plans.yml"
    path.write_text(plans(repository) + extra, encoding="utf-8")
    git(repository, "commit", "--quiet", "--all", "--message", "more")
    given = [
        {**options(repository), "retention": {"plan": f"acme-{n}", "retention_days": 70 + n}, "commit_message": f"RITM{n}: x"}
        for n in range(3)
    ]
    given.append(options(repository, tenant="globex"))
    root = str(ROOT / ".build" / "collections")

    def separately(one):
        done = subprocess.run([sys.executable, "-c", PROGRAM, root, json.dumps(one)], capture_output=True, text=True, check=False)
        return done.stdout + done.stderr

    with concurrent.futures.ThreadPoolExecutor() as pool:
        said = list(pool.map(separately, given))
    assert [run(one)["changed"] for one in given] == [False] * 4, said
    assert git(repository, "rev-list", "--count", "HEAD") == "6" and git(repository, "status", "--porcelain") == ""


def test_git_sees_nothing_of_the_environment_that_names_another_repository(repository, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(repository.parent / "remote.git"))
    monkeypatch.setenv("GIT_WORK_TREE", "/")
    assert run(options(repository))["edit"]["commit"]
    assert not {name for name in checkout_file._environment(None) if name.startswith("GIT_")} & {"GIT_DIR", "GIT_WORK_TREE"}
    assert Path(checkout_file.Checkout.of(str(repository)).top) == repository
