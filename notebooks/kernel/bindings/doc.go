// Package bindings makes pcn's packages, and those a notebook uses beside them,
// importable by cells: an interpreter can call only what was compiled into it, by
// name. Each file holds one package's exported names and is generated from its
// types. Generic functions and types are left out; the interpreter knows none.
package bindings

//go:generate go run ../internal/generate .
