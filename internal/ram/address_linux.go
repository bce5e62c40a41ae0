package ram

import "golang.org/x/sys/unix"

// addressSpace returns the limit of ulimit -v.
func addressSpace() uint64 {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_AS, &limit); err != nil {
		return unix.RLIM_INFINITY
	}
	return limit.Cur
}
