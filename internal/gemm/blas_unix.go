//go:build (linux || darwin) && (amd64 || arm64)

package gemm

import "github.com/ebitengine/purego"

func loadLibrary(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
}

func librarySymbol(library uintptr, name string) (uintptr, error) {
	return purego.Dlsym(library, name)
}
