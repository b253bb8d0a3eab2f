#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A plugin that writes one number past what it allocated, and one that shifts too far, pass unnoticed without sanitizers.
: "${FEDSH:?}"; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; cd "$d" || exit 1; export HOME=$d TMPDIR=$d
[ -x "$(dirname "$FEDSH")/fedsh-worker-checked" ] || { echo "skipped: no fedsh-worker-checked"; exit 77; }
plugin() {
	cat >"$1.c" <<-END
		#include <stdlib.h>
		#include <fedsh/aggregator.h>
		static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[], size_t n,
		                  struct fed_verdict *const v[], float *out, struct fed_error *err)
		{
			double *w = malloc(n * sizeof *w);
			$2
			for (size_t j = 0; j < r->dim; j++) {
				double sum = 0;
				for (size_t i = 0; i < n; i++)
					sum += u[i]->delta[j] / (double)n;
				out[j] = (float)sum;
			}
			free(w);
			return FED_OK;
		}
		FED_PLUGIN struct fed_aggregator fed_plugin = {
			FED_AGGREGATOR(int, "$1", "a mean", "", NULL), .reduce = reduce };
	END
	"$FEDSH" -c "build $1; load ./$1.so; check-plugin $1" >said 2>&1 </dev/null
	rc=$?
}
plugin over 'for (size_t i = 0; i <= n; i++) w[i] = 1;'
[ $rc -eq 7 ] && grep -q 'heap-buffer-overflow at over.c:7' said || { cat said; echo "one number too many: exit $rc"; exit 1; }
plugin shift 'for (size_t i = 0; i < n; i++) w[i] = 1 << (31 + n);'
[ $rc -eq 7 ] && grep -q 'shift exponent .* at shift.c:7' said || { cat said; echo "a shift too far: exit $rc"; exit 1; }
plugin fine 'for (size_t i = 0; i < n; i++) w[i] = 1;'
[ $rc -eq 0 ] && grep -q 'under the address and undefined-behaviour sanitizers' said || { cat said; echo "a sound plugin: exit $rc"; exit 1; }
[ -z "$(ls -d fedsh-check-* 2>/dev/null)" ] || { echo "the built object is left"; exit 1; }
