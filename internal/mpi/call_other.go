//go:build !((linux || darwin) && (amd64 || arm64))

package mpi

import "errors"

var errNone = errors.New("MPI is for Linux and macOS on amd64 and arm64")

func dlopen(string) (uintptr, error)         { return 0, errNone }
func dlsym(uintptr, string) (uintptr, error) { return 0, errNone }
func call(uintptr, ...uintptr) int32         { return -1 }
