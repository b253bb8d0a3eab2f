# SPDX-License-Identifier: GPL-3.0-or-later
# python.bash - for tests with the client in Python, behind class.bash; exit 77 where its packages
# are missing.  `python_member [OPTION]...` starts it.
python=
for try in python3 /usr/bin/python3; do
	"$try" -c 'import numpy, sys, zmq; sys.exit(sys.version_info < (3, 8) or not zmq.has("curve"))' 2>/dev/null && python=$try
done
if [ -z "$python" ]; then
	echo "skipped: python3-zmq and python3-numpy (Debian's names) are not installed"
	exit 77
fi
outside=$(dirname "$0")/../outside

python_member() {
	"$python" "$outside/join.py" "$target" "$code" --identity "$work/python.key" "$@" >"$work/python.out" 2>&1 </dev/null &
	pid_of[python]=$!
}
