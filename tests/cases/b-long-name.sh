#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A name of 250 bytes is allowed by the file system (255); save refuses it because its temporary name is longer.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
n=$(printf 'n%.0s' {1..246}).fed
"$FEDSH" -c "dataset blobs; add-client 3 samples=10; round 1; save $n" >o 2>&1 </dev/null || { echo "a file name of 250 bytes: $(tail -n1 o | tail -c 60)"; exit 1; }
