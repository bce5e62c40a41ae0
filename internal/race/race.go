//go:build race

// Package race says whether the race detector is on. Pools then drop at random what they
// hold, and allocations cannot be counted.
package race

// Enabled says so.
const Enabled = true
