//go:build !linux

package mpi

import "runtime"

// cpus returns the cores that this process may use: all.
func cpus() (list []int) {
	for cpu := range runtime.NumCPU() {
		list = append(list, cpu)
	}
	return list
}
