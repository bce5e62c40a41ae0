// Package mpi lets the processes that mpirun has started hand each other bytes, by the MPI
// library that started them: it is opened while the program runs, so that a program needs
// none where there is none. What the program calls is little: two collective exchanges.
package mpi

import (
	"fmt"
	"os"
	"strconv"
)

// flavour is a family of MPI libraries that have one binary interface.
type flavour struct {
	name string
	// rank and size are the variables that mpirun sets in the environment.
	rank, size string
	// libraries are tried in their order.
	libraries []string
	// handles of what is predefined: integers, or addresses of symbols.
	world, bytes, errorsReturn handle
	inPlace                    uintptr // stands for a buffer
}

// handle is a number, or where symbol is not empty its address.
type handle struct {
	symbol string
	number uintptr
}

// flavours are those that are known. Open MPI 4 and 5 share a binary interface, and so do
// MPICH and what is made from it, as Intel's and Cray's are.
var flavours = []flavour{
	{
		name: "Open MPI", rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE",
		libraries: []string{"libmpi.so.40", "libmpi.so", "libmpi.40.dylib", "libmpi.dylib"},
		world:     handle{symbol: "ompi_mpi_comm_world"}, bytes: handle{symbol: "ompi_mpi_byte"}, errorsReturn: handle{symbol: "ompi_mpi_errors_return"},
		inPlace: 1,
	},
	{
		name: "MPICH", rank: "PMI_RANK", size: "PMI_SIZE",
		libraries: []string{"libmpi.so.12", "libmpich.so.12", "libmpi.12.dylib", "libmpich.12.dylib"},
		world:     handle{number: 0x44000000}, bytes: handle{number: 0x4c00010d}, errorsReturn: handle{number: 0x54000001},
		inPlace: ^uintptr(0),
	},
}

// Launch is how this process was started by mpirun.
type Launch struct {
	flavour    *flavour
	Rank, Size int
}

// Started returns how mpirun has started this process together with others; nil where it
// has not, or alone.
func Started() (*Launch, error) {
	for i := range flavours {
		f := &flavours[i]
		size, rank := os.Getenv(f.size), os.Getenv(f.rank)
		if size == "" || rank == "" {
			continue
		}
		l := &Launch{flavour: f}
		var err error
		if l.Size, err = strconv.Atoi(size); err != nil || l.Size < 1 {
			return nil, fmt.Errorf("%s: must be a whole number > 0, got %q", f.size, size)
		}
		if l.Rank, err = strconv.Atoi(rank); err != nil || l.Rank < 0 || l.Rank >= l.Size {
			return nil, fmt.Errorf("%s: must be a whole number from 0 to %d, got %q", f.rank, l.Size-1, rank)
		}
		if l.Size == 1 {
			return nil, nil
		}
		return l, nil
	}
	return nil, nil
}

// String says which of how many processes of what this is.
func (l *Launch) String() string {
	return fmt.Sprintf("rank %d of %d of %s", l.Rank, l.Size, l.flavour.name)
}
