package bench

// Wire is what goes in and out of one of several ranks to learn a batch, and how much its
// network's parameters are.
type Wire struct {
	Ranks      int `json:"ranks"`
	Bytes      int `json:"bytes"`
	Exchanges  int `json:"exchanges"` // for which all ranks wait
	Parameters int `json:"parameter_bytes"`
}

// counting is the exchange of a rank 0 that counts what it would send and receive, by
// algorithms in which each part goes once to each rank that lacks it.
type counting struct{ *Wire }

// Rank implements [model.Exchange].
func (c *counting) Rank() int { return 0 }

// Ranks implements [model.Exchange].
func (c *counting) Ranks() int { return c.Wire.Ranks }

// Gather implements [model.Exchange].
func (c *counting) Gather(_ []byte, ends []int) error {
	all, own := ends[len(ends)-1], ends[0]
	c.Bytes += all - own                         // what it gets
	c.Bytes += all * (len(ends) - 1) / len(ends) // what it sends or, around a ring, passes on
	c.Exchanges++
	return nil
}

// Deal implements [model.Exchange].
func (c *counting) Deal(_ []byte, sendEnds []int, _ []byte, receiveEnds []int) error {
	last := len(sendEnds) - 1
	c.Bytes += sendEnds[last] - sendEnds[0] + receiveEnds[last] - receiveEnds[0]
	c.Exchanges++
	return nil
}
