//go:build !((linux || darwin || windows) && (amd64 || arm64))

package gemm

import (
	"fmt"
	"runtime"
)

func openBLAS(string) (backend, error) {
	return backend{}, fmt.Errorf("shared libraries cannot be opened on %s/%s", runtime.GOOS, runtime.GOARCH)
}
