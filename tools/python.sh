#!/bin/sh
# Runs its arguments with a Python that works: PYTHON from the environment if given, else the newest of the names below.
# A name on the PATH proves nothing: a version manager's stand-in exists for versions that are not selected, and
# distributions ship a Python without the venv module. So each candidate is tried.
set -u

works() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    works "$PYTHON" && exec "$PYTHON" "$@"
    echo "PYTHON=$PYTHON is not a Python >= 3.11 with the venv and ensurepip modules." >&2
    exit 1
fi
for name in python3.13 python3.12 python3.11 python3 python; do
    works "$name" && exec "$name" "$@"
done
{
    echo "No usable Python found: 3.11 or newer with the modules venv and ensurepip is needed (on Debian and Ubuntu: apt install python3-venv)."
    echo "Looked for python3.13, python3.12, python3.11, python3 and python on the PATH; name another with: make PYTHON=/path/to/python3.12"
} >&2
exit 1
