package tools

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"testing"

	"example.com/pcn/internal/cli"
	"example.com/pcn/internal/cli/clitest"
	"example.com/pcn/model"
)

func TestTools(t *testing.T) {
	if said, _ := clitest.Run(t, Version, cli.ExitOK, "", "--gemm", "portable"); !strings.Contains(said, "kernel portable of") {
		t.Errorf("got %s", said)
	}
	if said, _ := clitest.Run(t, Bench, cli.ExitOK, "", "--layers", "4,3,2", "--batch", "2", "--steps", "1", "--rounds", "1", "--json", "--gemm", "auto"); !strings.Contains(said, `"gemm"`) {
		t.Errorf("got %s", said)
	}
	if said, _ := clitest.Run(t, Completion, cli.ExitOK, "", "bash"); !strings.Contains(said, "bash completion") {
		t.Errorf("got %.200s", said)
	}
}

// strongScaling is how long a batch takes on several nodes.
type strongScaling struct {
	batch           int
	alike, example  float64 // ms of a node: what all do alike, and of an example
	parameters      float64 // bytes
	bandwidth, wait float64 // bytes each way and a message, in ms
}

// time returns the milliseconds of a batch on n nodes.
func (s strongScaling) time(n int) float64 {
	groups := model.Groups(s.batch)
	t := s.alike + s.example*min(float64(s.batch), math.Ceil(float64(groups)/float64(n))*float64(s.batch)/float64(groups))
	if n == 1 {
		return t
	}
	return t + 2*s.parameters*float64(n-1)/float64(n)/s.bandwidth + s.wait*float64(3*bits.Len(uint(n-1))+2*(n-1))
}

// efficiency returns what share of n nodes' time is not lost.
func (s strongScaling) efficiency(n int) float64 { return s.time(1) / (float64(n) * s.time(n)) }

// TestScaling: the page's table is what its formula says.
func TestScaling(t *testing.T) {
	var b strings.Builder
	b.WriteString("  nodes             ")
	for n := 2; n <= 64; n *= 2 {
		fmt.Fprintf(&b, "%6d", n)
	}
	b.WriteByte('\n')
	for _, batch := range []int{512, 4096} {
		for _, gbit := range []float64{10, 100} {
			s := strongScaling{batch: batch, alike: 1.6, example: 0.253 / 2, parameters: 4 * 669706, bandwidth: gbit * 1e9 / 8 / 1e3, wait: 0.3 / gbit}
			fmt.Fprintf(&b, "  B %4d, %3.0f Gbit/s", batch, gbit)
			for n := 2; n <= 64; n *= 2 {
				fmt.Fprintf(&b, "%6.2f", s.efficiency(n))
			}
			b.WriteByte('\n')
		}
	}
	if !strings.Contains(scalingText, b.String()) {
		t.Errorf("the page must have\n%s", &b)
	}
}
