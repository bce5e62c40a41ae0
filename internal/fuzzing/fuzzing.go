// Package fuzzing has what the fuzz targets share.
package fuzzing

import (
	"flag"
	"testing"
)

// Sparingly lets an input that is new be made smaller in 100 runs, and not for a
// minute, as is the default: of an input of n bytes go test tries all n²/2 parts, and
// would come to little else. What -fuzzminimizetime says goes before.
func Sparingly(f *testing.F) {
	f.Helper()
	limit := flag.Lookup("test.fuzzminimizetime")
	if limit.Value.String() != limit.DefValue {
		return
	}
	if err := limit.Value.Set("100x"); err != nil {
		f.Fatal(err)
	}
}
