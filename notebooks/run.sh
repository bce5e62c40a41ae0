#!/usr/bin/env bash
# Executes every notebook from top to bottom, each in at most 90 s, with a kernel
# built for the purpose, and checks what came out; then provokes errors and
# interrupts, which the kernel must outlive.
#
#   notebooks/run.sh           executes copies, which must print what is committed
#   notebooks/run.sh --renew   renews the outputs in the notebooks themselves
#
# It needs Go, and Jupyter; on Debian
#   apt-get install --no-install-recommends jupyter-nbconvert jupyter-client
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out=$work/out
[ "${1:-}" != --renew ] || out=$PWD

kernel/install.sh "$work/jupyter"
export JUPYTER_PATH=$work/jupyter
for notebook in *.ipynb; do
  began=$SECONDS
  timeout 90 jupyter nbconvert --log-level WARN --to notebook --execute --ExecutePreprocessor.record_timing=False \
    --output-dir "$out" --output "$notebook" "$notebook" || { echo "$notebook failed" >&2; exit 1; }
  echo "$notebook took $((SECONDS - began)) s"
done
if [ "$out" = "$PWD" ]; then # the kernel of matrix products, by which outputs are rounded
  go run ../cmd/pcnrun version | sed -n 's/^kernel \([^ ]*\).*/\1/p' >renewed-with.txt
fi
PCN_NOTEBOOKS=$out go test -count=1 .
"${PYTHON:-/usr/bin/python3}" kernel/outlives.py # Debian's Python, where its Jupyter is
