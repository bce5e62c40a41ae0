// Package ram says how much memory a process may take.
package ram

import (
	"fmt"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Limit returns how many bytes this process may take: what the machine has, or what
// its control group or ulimit -v leaves of that. 0 where that cannot be told.
func Limit() uint64 {
	limit, err := memlimit.ApplyFallback(memlimit.FromCgroup, memlimit.FromSystem)()
	if err != nil {
		limit = 0
	}
	if address := addressSpace(); limit == 0 || address < limit {
		limit = address
	}
	return limit
}

// Check returns an error that begins with field when need bytes are more than this
// process may take.
func Check(field string, need float64) error {
	if limit := Limit(); limit > 0 && need > float64(limit) {
		return fmt.Errorf("%s: need about %s of memory, got %s", field, text(need), text(float64(limit)))
	}
	return nil
}

// text writes a number of bytes with two digits at least.
func text(bytes float64) string {
	for _, unit := range []string{"B", "kB", "MB", "GB", "TB", "PB"} {
		if bytes < 999.5 {
			if bytes < 9.95 {
				return fmt.Sprintf("%.1f %s", bytes, unit)
			}
			return fmt.Sprintf("%.0f %s", bytes, unit)
		}
		bytes /= 1000
	}
	return fmt.Sprintf("%.2g EB", bytes)
}
