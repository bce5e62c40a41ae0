//go:build !amd64

package gemm

import "runtime"

// usualBLAS are the names under which each system has a BLAS library.
var usualBLAS = map[string][]string{
	"linux": {"libopenblas.so.0", "libopenblas.so"},
	"darwin": {
		"/System/Library/Frameworks/Accelerate.framework/Accelerate",
		"/opt/homebrew/opt/openblas/lib/libopenblas.dylib",
	},
	"windows": {"libopenblas.dll"},
}

// builtin lists the package's own kernels, the preferred one first.
func builtin() []backend { return []backend{portable()} }

// autoBLAS opens the BLAS libraries that the system has under their usual names.
func autoBLAS() []backend {
	var found []backend
	for _, name := range usualBLAS[runtime.GOOS] {
		if b, err := openBLAS(name); err == nil {
			found = append(found, b)
		}
	}
	return found
}
