#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# With an unknown TERM the shell must send no escapes (faults.md); it sends colours.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d TERM=unknownxyz
unset NO_COLOR; printf 'status\nquit\n' | timeout 20 script -qec "'$FEDSH'" /dev/null >o 2>&1
! grep -aq $'\x1b' o || { echo "escapes are sent to TERM=$TERM"; exit 1; }
