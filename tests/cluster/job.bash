# SPDX-License-Identifier: GPL-3.0-or-later
# What the tests of ranks share; sourced with FEDSH and LIBRARY as arguments.  Sets fedsh, mpirun (the
# launcher with what a test needs: more ranks than processors, as root), work (a folder), failed.
fedsh=$1
library=$2
command -v "mpirun.$library" >/dev/null || {
	echo "skipped: mpirun.$library is not installed"
	exit 77
}
[[ -f $(dirname -- "$fedsh")/fedsh-mpi-$library.so ]] || {
	echo "skipped: fedsh was built without $library"
	exit 77
}
mpirun=("mpirun.$library")
[[ $library != openmpi ]] || mpirun+=(--oversubscribe --allow-run-as-root --mca btl self,vader)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export HOME=$work XDG_CACHE_HOME=$work/cache
failed=0
