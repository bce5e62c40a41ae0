package mpi

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestStarted(t *testing.T) {
	for _, c := range []struct {
		rank, size string // of MPICH
		want, err  string
	}{
		{"", "", "", ""},
		{"0", "1", "", ""},
		{"2", "3", "rank 2 of 3 of MPICH", ""},
		{"3", "3", "", "PMI_RANK: must be a whole number from 0 to 2, got \"3\""},
		{"0", "x", "", "PMI_SIZE: must be a whole number > 0, got \"x\""},
	} {
		for _, f := range flavours {
			t.Setenv(f.rank, "")
			t.Setenv(f.size, "")
		}
		t.Setenv("PMI_RANK", c.rank)
		t.Setenv("PMI_SIZE", c.size)
		l, err := Started()
		if (err != nil) != (c.err != "") || err != nil && err.Error() != c.err {
			t.Errorf("%v: %v", c, err)
		}
		if l != nil && l.String() != c.want || l == nil && c.want != "" {
			t.Errorf("%v: %v", c, l)
		}
	}
}

func TestParts(t *testing.T) {
	p, err := partsOf(make([]byte, 7), []int{2, 2, 7})
	if err != nil || !slices.Equal(p.counts, []int32{2, 0, 5}) || !slices.Equal(p.starts, []int32{0, 2, 2}) {
		t.Errorf("%+v, %v", p, err)
	}
	for _, ends := range [][]int{{8}, {3, 2}, {math.MaxInt32 + 1}} {
		if _, err := partsOf(make([]byte, 7), ends); err == nil || !strings.Contains(err.Error(), "must end between") {
			t.Errorf("%v: %v", ends, err)
		}
	}
}

// TestCores divides the cores that ranks of a machine may use among them.
func TestCores(t *testing.T) {
	for _, c := range []struct {
		peers []Peer
		want  int
	}{
		{[]Peer{{Host: "a", CPUs: []int{0, 1, 2, 3}}}, 4},
		{[]Peer{{Host: "a", CPUs: []int{0, 1, 2, 3}}, {Host: "a", CPUs: []int{0, 1, 2, 3}}, {Host: "b", CPUs: []int{0}}}, 2},
		{[]Peer{{Host: "a", CPUs: []int{0, 1}}, {Host: "a", CPUs: []int{2, 3}}}, 2},
		{[]Peer{{Host: "a", CPUs: []int{0}}, {Host: "a", CPUs: []int{0}}, {Host: "a", CPUs: []int{0}}}, 1},
		{[]Peer{{Host: "a"}}, 1},
	} {
		if got := (&World{peers: c.peers}).Cores(); got != c.want {
			t.Errorf("%+v: %d, want %d", c.peers, got, c.want)
		}
	}
}
