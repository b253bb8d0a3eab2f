# SPDX-License-Identifier: GPL-3.0-or-later
# python.bash - for tests with the client in Python, behind class.bash; exit 77 where its packages
# are missing.  `python_member FILE.npz` starts it.
python=
for try in python3 /usr/bin/python3; do
	"$try" -c 'import numpy, sys, zmq; sys.exit(sys.version_info < (3, 8) or not zmq.has("curve"))' 2>/dev/null && python=$try
done
if [ -z "$python" ]; then
	echo "skipped: python3-zmq and python3-numpy (Debian's names) are not installed"
	exit 77
fi
client=$(realpath "$(dirname "$0")/../outside/join.py")

python_member() {
	(cd "$work" && exec "$python" "$client" "${target%:*}" "${target##*:}" "${2:-$code}" "$1" python) >"$work/python.out" 2>&1 </dev/null &
	pid_of[python]=$!
}
