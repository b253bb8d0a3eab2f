#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An aborted round must leave no trace: with a random fault the rounds after `step; abort` differ from those without it.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
S='dataset blobs; add-client 6 samples=20 device=phone link=4g; inject flaky all p=0.5; round 2'
"$FEDSH" -c "$S; round 2; export a.npz" >/dev/null 2>&1 </dev/null && "$FEDSH" -c "$S; step; abort; round 2; export b.npz" >/dev/null 2>&1 </dev/null || { echo "a run failed"; exit 1; }
cmp -s a.npz b.npz || { echo "the rounds after an aborted one differ (faults are drawn by the number of the invitation, aborted ones included)"; exit 1; }
