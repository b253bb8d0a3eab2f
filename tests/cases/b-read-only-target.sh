#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# `save` must not replace a file that is write-protected (0444) without a word.
: "${FEDSH:?}"; exec 2>/dev/null; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
echo precious >p.fed; chmod 444 p.fed
"$FEDSH" -c 'dataset blobs; save p.fed' >o 2>&1 </dev/null
[ "$(cat p.fed 2>/dev/null | head -c 8 | tr -d '\0')" = precious ] || { echo "a write-protected file was replaced"; exit 1; }
