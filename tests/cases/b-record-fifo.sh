#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `record FIFO` must be refused as save, source and dataset refuse one; it hangs in open().
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d; mkfifo f
timeout -k 1 5 "$FEDSH" -c 'record f' >o 2>&1 </dev/null; rc=$?
[ "$rc" = 5 ] || { echo "record on a FIFO: rc=$rc (124: it hung), expected 5"; exit 1; }
