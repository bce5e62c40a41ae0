//go:build race

package gemm

// raceEnabled is set where the race detector makes pools drop what they hold.
const raceEnabled = true
