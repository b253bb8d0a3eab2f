#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A sweep whose every row failed must not end with 0.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
"$FEDSH" -c 'dataset blobs; add-client 4 samples=20; sweep aggregator krum:f=2,krum:f=3 rounds=1' >o 2>&1 </dev/null; rc=$?
[ "$rc" != 0 ] || { echo "every row of the sweep failed, and fedsh ends with 0"; exit 1; }
