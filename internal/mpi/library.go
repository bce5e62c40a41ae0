package mpi

import (
	"errors"
	"fmt"
	"strings"
)

// library is an MPI library that has been opened.
type library struct {
	*flavour
	path      string
	functions map[string]uintptr
	symbols   map[string]uintptr // of handles
}

// functions are what is called of a library.
var functions = []string{
	"MPI_Init_thread", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Comm_set_errhandler", "MPI_Error_string",
	"MPI_Allgatherv", "MPI_Alltoallv", "MPI_Barrier", "MPI_Finalize",
}

// open opens the library at path or, where that is empty, the first of f's that is found.
func open(f *flavour, path string) (*library, error) {
	paths := f.libraries
	if path != "" {
		paths = []string{path}
	}
	var errs []error
	for _, path := range paths {
		opened, err := dlopen(path)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		l := &library{flavour: f, path: path, functions: map[string]uintptr{}, symbols: map[string]uintptr{}}
		var missing []string
		find := func(into map[string]uintptr, name string) {
			address, err := dlsym(opened, name)
			if into[name] = address; err != nil {
				missing = append(missing, name)
			}
		}
		for _, name := range functions {
			find(l.functions, name)
		}
		for _, h := range []handle{f.world, f.bytes, f.errorsReturn} {
			if h.symbol != "" {
				find(l.symbols, h.symbol)
			}
		}
		if len(missing) > 0 {
			return nil, fmt.Errorf("%s: must be a library of %s, got one that lacks %s", path, f.name, strings.Join(missing, ", "))
		}
		return l, nil
	}
	return nil, fmt.Errorf("no library of %s can be opened: %w", f.name, errors.Join(errs...))
}

// handle returns what the library takes for h.
func (l *library) handle(h handle) uintptr {
	if h.symbol != "" {
		return l.symbols[h.symbol]
	}
	return h.number
}
