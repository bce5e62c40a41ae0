//go:build !linux

package ram

import "math"

// addressSpace returns that nothing limits it.
func addressSpace() uint64 { return math.MaxUint64 }
