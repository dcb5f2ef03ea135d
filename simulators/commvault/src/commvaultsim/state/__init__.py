# Copyright (c) Calligo
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one simulated CommCell holds: its rows, jobs and clock, and what each kind of agent gives to the calls that serve all of them."""
