#!/usr/bin/env bash
# Records examples/shell.cast: a real bash under a real asciinema, typed into by type-shell.py.
# Needs python3 with venv, bash and node; installs the rest into a temporary folder and removes it.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -r requirements.txt

# A home and a desk of its own, so that the shell has nothing of this machine to show.
mkdir "$work/home" "$work/desk"
canary() { node --input-type=module -e "import { canary } from './canaries.mjs'; console.log(canary('$1'))"; }
cat > "$work/desk/ledger.txt" <<LEDGER
date    what                 who            amount
03-02   tea, twelve cups     the kettle       4.80
03-04   locker 17, one year  Odo Larkspur    12.00
03-04   lost key, locker 9   Bettany Moss     1.50
03-05   soup, thirty bowls   Pim Thistle     75.00
03-07   firewood             the desk       212.00
03-09   word of the safe     the desk       $(canary ledger)
03-11   lamp oil             the gallery      9.20
LEDGER
printf 'return the green slips\nfold the long table\nask about the flood shelf\n' > "$work/desk/todo.txt"

TOKEN=$(canary token) SILENT=$(canary silent)
cd "$work/desk"
env -i PATH="$work/venv/bin:/usr/bin:/bin" HOME="$work/home" SHELL=/bin/bash TERM=xterm-256color \
  LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC PS1='$ ' \
  python "$here/type-shell.py" "$work/shell.cast" "$TOKEN" "$SILENT"

cd "$here"
node check-recordings.mjs shell.cast "$work/shell.cast"
mv "$work/shell.cast" ../shell.cast
echo "shell.cast: $(($(wc -l < ../shell.cast) - 1)) events"
