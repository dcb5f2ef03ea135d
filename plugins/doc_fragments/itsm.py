# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Where tickets are kept: the options of module_utils/_itsm/providers.py."""

    DOCUMENTATION = r"""
requirements:
  - PyYAML (Python library) on the host that runs the module, for O(provider=file)
options:
  provider:
    description:
      - Where tickets are kept.
      - V(file) keeps each as a YAML record in O(directory), for people to read. Runs at once are safe, also from several hosts if the file
        system knows locks, and so is a run that is killed.
    type: str
    choices: [file]
    required: true
  directory:
    description:
      - The directory of the records, with its whole path. Required with O(provider=file).
      - It has to be there already; one that is only not mounted must not be taken for one without tickets.
      - No part of it may be a symbolic link.
    type: path
"""
