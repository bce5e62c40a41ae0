package graph

import "example.com/pcn/internal/pool"

// MostShardRows is the most examples that settle together; any other number of them
// divides it.
const MostShardRows = 32

// shardRows returns the number of examples that settle together: few, so that a
// small batch takes several cores, but not so few that waking one takes longer than
// their settling. Where examples are large, as images with many channels are, they are
// fewer, so that what a shard moves stays in a core's cache; but as many as it takes for
// weights that do not to meet enough positions each time that they are read.
func shardRows(e *Energy) int {
	const few, many, steps = 16, MostShardRows, 16
	const cache, enough = 1 << 20, 64 // bytes, positions
	work := 0                         // of many examples
	example, least := 0, 1            // units of an example's values, and the least number of examples
	size := int(e.Spec.Dtype.Size())
	w := e.wiring
	for _, n := range w.Nodes {
		example += 3 * n.Size() // latent, gradient, and a step or what is remembered
	}
	for i, p := range w.Predictions {
		example += 2 * w.Sums[i].TotalSize() // prediction and error
		positions := w.Sums[i].TotalSize() / w.Biases[i]
		for j := range p.Edges {
			example += w.Features[i][j].TotalSize()
			for _, theta := range e.Terms[i].Edges[j].Parameters {
				if theta.IsMatrix() {
					weights := theta.Shape().TotalSize()
					work += many * steps * weights * positions / 8 // in vectorised operations
					if weights*size > cache {
						least = max(least, enough/positions)
					}
				}
			}
		}
	}
	if pool.Workers(2, work) == 1 {
		return many
	}
	rows := few
	for rows > least && rows*example*size > cache {
		rows /= 2
	}
	return rows
}
