#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A geometric median resists fewer than half arbitrary rows, however long: one client of 11 that sends its update 1e9 times too long must not spoil the model.
: "${FEDSH:?}"; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d
S='dataset glyphs train=4000 test=1000; model softmax; add-client 11 noniid samples=300; aggregator geometric-median'
acc() { "$FEDSH" --json - -c "set seed $2; $S; $1 round 10" 2>/dev/null </dev/null | sed -n 's/.*"test_accuracy":\([0-9.]*\).*/\1/p' | tail -n 1; }
for seed in 1 2 3; do
	near=$(acc 'inject byzantine 0 attack=sign-flip scale=1e4;' $seed); far=$(acc 'inject byzantine 0 attack=sign-flip scale=1e9;' $seed)
	awk -v a="$near" -v b="$far" 'BEGIN { exit !(a > 0.4 && b > a - 0.05) }' || { echo "seed $seed: accuracy $far with a row 1e9 times too long, $near with 1e4"; exit 1; }
done
echo "a far row costs nothing"
