package vec

import "testing"

var funcNames = []string{"Identity", "Tanh", "ReLU", "LeakyReLU", "Sigmoid", "GELU", "Softplus", "HardTanh", "SiLU", "ELU", "SELU", "Mish"}

// use puts a backend in use for the rest of a test.
func use(tb testing.TB, b backend) {
	old := inUse
	tb.Cleanup(func() { inUse = old })
	inUse = b
}
