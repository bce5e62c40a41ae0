//go:build (linux || darwin) && (amd64 || arm64)

package mpi

import "github.com/ebitengine/purego"

// dlopen has the library's symbols found by what it loads in turn, as Open MPI's parts need.
func dlopen(path string) (uintptr, error) {
	return purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
}

func dlsym(library uintptr, name string) (uintptr, error) { return purego.Dlsym(library, name) }

// call calls a C function that returns an int.
func call(function uintptr, arguments ...uintptr) int32 {
	r, _, _ := purego.SyscallN(function, arguments...)
	return int32(r)
}
