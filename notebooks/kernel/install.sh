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
case "$(uname)" in
Darwin) data=$HOME/Library/Jupyter ;;
*) data=${XDG_DATA_HOME:-$HOME/.local/share}/jupyter ;;
esac
mkdir -p "${1:-${JUPYTER_DATA_DIR:-$data}}/kernels/pcn"
dir=$(cd "${1:-${JUPYTER_DATA_DIR:-$data}}/kernels/pcn" && pwd)

# gophernotes is a command and cannot be imported: its sources are copied beside
# this script, changed in one line, and built with cell.go.
cd "$(dirname "$0")"
go mod download github.com/gopherdata/gophernotes
source=$(go list -m -f '{{.Dir}}' github.com/gopherdata/gophernotes)
build=$(mktemp -d ./_build.XXXXXX)
trap 'rm -rf "$build"' EXIT
for file in "$source"/*.go; do
  case $file in *_test.go) ;; *) cat "$file" >"$build/$(basename "$file")" ;; esac
done
sed 's/executionErr := doEval(/executionErr := evalCell(/' "$source/kernel.go" >"$build/kernel.go"
grep -q 'executionErr := evalCell(' "$build/kernel.go" || { echo "install.sh: kernel.go of gophernotes has changed" >&2; exit 1; }
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
