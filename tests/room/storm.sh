#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# storm.sh - a server and four members while any of them is killed, stopped for a while, or started
# again at random moments (storm.py).  FED_STORM=MOMENTS[:SEED] makes it longer, or another one.
PYTHONDONTWRITEBYTECODE=1 exec timeout "${FED_STORM_SECONDS:-600}" python3 "$(dirname "$0")/storm.py" "${FED_STORM:-6}"
