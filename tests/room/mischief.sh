#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# mischief.sh - a member sends old results again, wrong shapes, messages without end and chunks that fit
# nothing, or are tiny, while three honest ones train beside it (mischief.py).
. "$(dirname "$0")/python.bash"
PYTHONDONTWRITEBYTECODE=1 exec timeout 90 "$python" "$(dirname "$0")/mischief.py"
