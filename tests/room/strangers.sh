#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# strangers.sh - wrong codes and keys, other protocols, garbage, tiny pieces and hundreds of slow connections
# while a class of four trains (strangers.py): rounds take at most twice as long, one that was killed
# comes back, and each round has all four.
PYTHONDONTWRITEBYTECODE=1 exec timeout 90 python3 "$(dirname "$0")/strangers.py"
