//go:build amd64 || arm64

package gemm

import "golang.org/x/sys/windows"

func loadLibrary(path string) (uintptr, error) {
	library, err := windows.LoadLibrary(path)
	return uintptr(library), err
}

func librarySymbol(library uintptr, name string) (uintptr, error) {
	return windows.GetProcAddress(windows.Handle(library), name)
}
