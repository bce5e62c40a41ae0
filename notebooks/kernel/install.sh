#!/usr/bin/env bash
# Builds the Jupyter kernel of pcn's notebooks, gophernotes with pcn inside, and
# makes it known to Jupyter as "pcn". It needs Go, and nothing else; run time needs
# neither Go nor the network.
#
#   notebooks/kernel/install.sh [DIR]
#
# DIR is a folder of Jupyter's data, by default the user's own. For another one,
# start Jupyter with JUPYTER_PATH=DIR.
set -euo pipefail
usage() { sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"; }
case "${1:-}" in
-h | --help)
  usage
  exit
  ;;
-*)
  echo "install.sh: unknown flag $1" >&2
  usage >&2
  exit 2
  ;;
esac
if [ $# -gt 1 ]; then
  echo "install.sh: want one DIR, got $# arguments" >&2
  usage >&2
  exit 2
fi
case "$(uname)" in
Darwin) data=$HOME/Library/Jupyter ;;
*) data=${XDG_DATA_HOME:-$HOME/.local/share}/jupyter ;;
esac
mkdir -p "${1:-${JUPYTER_DATA_DIR:-$data}}/kernels/pcn"
dir=$(cd "${1:-${JUPYTER_DATA_DIR:-$data}}/kernels/pcn" && pwd)

# gophernotes is a command and cannot be imported: its sources are copied beside
# this script, changed in two lines, and built with cell.go.
cd "$(dirname "$0")"
go mod download github.com/gopherdata/gophernotes
source=$(go list -m -f '{{.Dir}}' github.com/gopherdata/gophernotes)
build=$(mktemp -d ./_build.XXXXXX)
trap 'rm -rf "$build"' EXIT
for file in "$source"/*.go; do
  case $file in *_test.go) ;; *) cat "$file" >"$build/$(basename "$file")" ;; esac
done
sed -e 's/executionErr := doEval(/executionErr := evalCell(/' -e 's/ast2.AnyToAst(nodes, "doEval")/ast2.AnyToAst(importable(nodes), "doEval")/' \
  "$source/kernel.go" >"$build/kernel.go"
for changed in 'executionErr := evalCell(' 'AnyToAst(importable('; do
  grep -qF "$changed" "$build/kernel.go" || { echo "install.sh: kernel.go of gophernotes has changed" >&2; exit 1; }
done
cp _added/*.go "$build"
CGO_ENABLED=0 go build -o "$dir/pcn-kernel.new" "$build"
mv "$dir/pcn-kernel.new" "$dir/pcn-kernel"
cp "$source"/kernel/logo-*.png "$dir"
chmod u+w "$dir"/logo-*.png

escaped=${dir//\\/\\\\}
cat >"$dir/kernel.json" <<JSON
{
  "argv": ["${escaped//\"/\\\"}/pcn-kernel", "{connection_file}"],
  "display_name": "Go (pcn)",
  "language": "go",
  "interrupt_mode": "signal"
}
JSON
echo "installed $dir"
