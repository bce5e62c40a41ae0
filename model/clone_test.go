package model

import "testing"

// TestCloneHasParametersInCommon and nothing else.
func TestCloneHasParametersInCommon(t *testing.T) {
	n, err := New(Config{Layers: []int{2, 3, 2}})
	must(t, err)
	must(t, n.SetMetadata("pcn.classes", "a, b"))
	c := n.Clone()
	must(t, c.SetMetadata("pcn.classes", "c, d"))
	if got := n.Metadata("pcn.classes"); got != "a, b" {
		t.Errorf("what a clone is told the network has, too: %q", got)
	}
	for i, p := range n.Parameters() {
		if c.Parameters()[i] != p {
			t.Errorf("parameter %d is not the network's", i)
		}
	}
}
