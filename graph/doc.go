// Package graph builds the energy of a predictive coding network as a
// Gorgonia expression graph, differentiates it by the free latents alone, and
// runs it.
//
// # The energy
//
// A network has nodes 0..L, node 0 at the bottom. Node l holds a latent v_l of
// shape (B, d_l), one example a row, and predicts the node below:
//
//	μ_{l-1} = φ_l(v_l) W_lᵀ + b_l       prediction, (B, d_{l-1})
//	ε_{l-1} = v_{l-1} − μ_{l-1}         error,      (B, d_{l-1})
//	E       = Σ_l ½ Π_l ‖ε_l‖²          energy, summed over the batch
//
// with W_l of shape (d_{l-1}, d_l), the shape of PyTorch's nn.Linear.weight, and
// Π_l the precision, 1 where none is given. This is the energy of Rao and
// Ballard (1999) in the notation of Whittington and Bogacz (2017), eq. 2.3. The
// bottom node may have another form of energy, for classes or probabilities: see
// [NodeEnergy]. An activity prior adds ½ α ‖v_l‖² for each node between bottom and
// top.
//
// [Build] writes it down from a handful of operations, each a gorgonia.Op that
// knows its symbolic derivative. A clamped node is data; the others are free,
// and [gorgonia.Grad] is taken by the free latents only. That weights are
// frozen is a property of the operations: they declare themselves not
// differentiable by a weight, so no weight gradient is ever built.
//
// # The machine
//
// The graph runs on Gorgonia's own TapeMachine through each operation's plain
// Do, which is the readable reference. [Compile] lowers the same graph to a
// [Machine], which implements gorgonia.VM and gives the same values, faster.
// It sorts the work by how often its inputs change:
//
//   - weights: what depends on weights alone, done by [Machine.Freeze];
//   - batch: what also depends on a clamped node, done by the first [Machine.Each] after a Load;
//   - step: what depends on a free latent, done by a [Shard]'s methods.
//
// A batch is cut into shards of [Machine.ShardRows] rows. A shard settles on its own,
// from the first step to the last, without waiting for another, and what is
// summed over the batch is summed in the order of the shards: the result is the
// same, to the bit, on any number of cores.
package graph
