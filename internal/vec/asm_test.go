package vec

import (
	"testing"

	"example.com/pcn/internal/asmgen/asmtest"
)

// The committed assembly is what its generator writes.
func TestAssemblyIsGenerated(t *testing.T) { asmtest.Generated(t, "vec") }
