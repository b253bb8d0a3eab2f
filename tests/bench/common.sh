# SPDX-License-Identifier: GPL-3.0-or-later
#
# What the comparisons share; sourced, after $name (of the script), $bench and $turns are set.

# $python: one that has PyTorch.
python=
for p in python3 /usr/bin/python3; do
	if "$p" -c 'import torch' 2>/dev/null; then
		python=$p
		break
	fi
done
if [ -z "$python" ]; then
	echo "$name: needs PyTorch and NumPy: apt install python3-torch" >&2
	exit 1
fi

need_fashion()
{
	[ -d "${FASHION_MNIST:-/usr/share/datasets/fashion-mnist}" ] && return
	echo "$name: needs Fashion-MNIST: apt install dataset-fashion-mnist" >&2
	exit 1
}

runs=$(mktemp) || exit 1
trap 'rm -f "$runs"' EXIT
trap 'exit 1' INT TERM

# run SIDE FIELD COMMAND...: a JSON line on the output, and "SIDE number" for median().
run()
{
	side=$1 field=$2
	shift 2
	line=$("$@") || { echo "$name: failed: $*" >&2; exit 1; }
	echo "$line"
	echo "$side $(echo "$line" | sed 's/.*"'"$field"'": *\([0-9.]*\).*/\1/')" >>"$runs"
}

median()
{
	awk -v side="$1" '$1 == side { print $2 }' "$runs" | sort -g |
		awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

# The OpenBLAS kernels of the fedsh whose JSON line is $line, for PyTorch: by itself the library may
# choose those of old processors.
core()
{
	echo "$line" | sed -n 's/.*"blas":"OpenBLAS [^ ]* \([A-Za-z0-9_]*\).*/\1/p'
}
