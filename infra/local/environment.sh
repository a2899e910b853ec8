#!/usr/bin/env bash
# Build one virtual environment from one file of pinned requirements: environment.sh FOLDER FILE
# The file FOLDER/ready is made last, so that an interrupted build is begun again.
set -euo pipefail

folder=$1 requirements=$2

stop() { echo "$1" >&2; exit 1; }

python=
for candidate in "${PYTHON:-}" python3.11 python3 python; do
    if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || stop "Python 3.11 is needed and was not found: install it, or say where it is with PYTHON=/path/to/python3.11."
"$python" -c 'import ensurepip, venv' 2>/dev/null || stop "$python has no venv module: install it (Debian: apt-get install python3.11-venv)."

echo "Building $folder from $requirements (about a minute) ..."
"$python" -m venv --clear "$folder" || stop "The environment $folder could not be made: see above."
"$folder/bin/pip" install -qq --no-compile --disable-pip-version-check --no-input -r "$requirements" ||
    stop "The packages of $requirements could not be installed into $folder: see above."
touch "$folder/ready"
