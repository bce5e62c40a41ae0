// Package model is a predictive coding network: nodes that predict each other, the clamps
// that say which of them are data, the settling of the others, and the Hebbian update of
// the weights.
//
// # Nodes and predictions
//
// A network is a graph. A [Node] holds a latent v, (B, d), one example a row. A
// [Prediction] of a node is a sum over edges, and an [Edge] is a linear map of an
// activation of other nodes:
//
//	μ = g( Σ_e a_e M_e φ_e(v_from) + b )    prediction, (B, d)
//	ε = v − μ                               error,      (B, d)
//	E = Σ ½ w Π ‖ε‖²                        energy, over predictions and the batch
//
// A node may be predicted once, as in a layered network, several times, each a term of
// the energy, or not at all. Edges of a sum may come from anywhere: a residual block is an
// edge with the map identity beside a dense one; branches that meet are two edges, or one
// edge from two nodes side by side. Nodes may predict each other in a circle (Salvatori
// and others 2022), of which one edge is declared feedback, so that there is an order in
// which to begin. Package graph writes the energy down.
//
// Clamps, rates and files go by the names of nodes: [Network.Node] gives a node's number,
// which is its place in [Network.Nodes] and in all slices that are by node; slices by
// prediction have the order of [Network.Spec].
//
// # The short form
//
// Config.Layers is a chain of dense layers, with sizes from data to label. Its nodes are
// input, hidden1, hidden2 and so on, and target, and its [Direction] says which end is the
// bottom, the one that is predicted and predicts nothing:
//
//   - [Discriminative]: the target at the bottom, the input at the top. A prediction of
//     the target is one pass downwards.
//   - [Generative]: the input at the bottom, the target at the top. A prediction clamps the
//     input and lets the rest settle; generating is the pass downwards.
//
// Everything that differs between the two is where the clamps are.
//
// # Networks by name
//
// Config.Network is a network in a line, for data and labels of Config.Layers: one of
// [Networks] with its settings, resnet-mlp depth=16 width=64, or its layers from the first
// hidden node on, conv 32 5x5, gelu, max-pool 2; dense 64, tanh; dense. [Config.Expanded] writes the nodes
// and predictions that it stands for, and [Config.Outline] tells them with their shapes and
// what they cost.
//
// # Deep networks
//
// [MuPC] scales the edges of any network without circles so that neither latents nor their
// updates grow or vanish with width and depth, and a learning rate found on a small network
// serves a large one. What a deep network learns at rest differs from backpropagation the
// more, the more its hidden nodes can explain of an error: by S, the sum of squares of what
// each passes on to the target. A low precision of the target, of the order of 1/S,
// keeps them to what is left.
//
// # Beliefs from both sides, and memories
//
// A node that several predictions are of has a latent that does justice to all, by their
// weights. In the network bidirectional each hidden node is predicted from the input's side
// and from the target's, so that one network classifies and generates: settling begins from
// the side that is clamped. Its weight down, of what comes from the target, is small,
// for labels suffer where images have as much to say; to fill in inputs it takes one of 0.1.
//
// In the network memory each unit of the input is predicted by all others (linear.Dense
// with a ZeroDiagonal), which no label enters. What it learns is how each regresses on
// the others, −Λ_ij / Λ_ii of the inverse covariance Λ, and hidden units settle to what
// fits the rest: of fewer examples than units, to the one that it has seen.
//
// # Two conventions
//
// A latent is before its nonlinearity or behind it. The article's is before: μ = W φ(v) + b,
// Edge.Feature. With Prediction.After it is behind, μ = φ(W v + b), as most
// implementations have it (PCX, FabricPC, Goemaere and others 2025); Config.After writes a
// chain that way. As feedforward passes they are the same network, but as energies they are
// two: they settle elsewhere, and published tables are of one of them.
//
// # Ports and clamps
//
// Data and labels are at the nodes Config.Input and Config.Target, and [Network.Clamp]
// fixes them. [Clamps] fix any other nodes, by name, as a whole or unit by unit with a mask:
// what is not fixed is free. [Network.Predict] clamps the input, [Network.Generate] the
// target, and [Network.Complete] what is seen of either; where a pass in their order
// already is the minimum they take it and settle nothing.
//
// # Settling
//
// [Network.Settle] lets the free latents descend the energy with the weights frozen, as an
// [Inference] says: by which [Method], for how many steps, from where. The rate is guarded:
// see [Network.MaxRate]. The [Result] has latents, errors and energies, and says how
// settling ended and how far from rest. [Network.Begin] takes the same steps one by one; a
// [Settling] is a batch between two of them, whose latents and gradients may be looked at,
// and whose latents, or the network's parameters, may be changed.
//
// # Learning
//
// [Network.Hebbian] gives the direction in which each parameter should move, from the error
// that its prediction leaves and the feature that it is made from, and nothing else. With
// δ = −∂E/∂(Σ…), which is w Π ε where the latent is before its nonlinearity,
//
//	ΔW = a δᵀ φ(v) / B,  Δb = mean δ
//
// At a settled network it is −∂E/∂W / B exactly (Whittington and Bogacz 2017, eq. 2.19), and
// no derivative by a weight is built anywhere. [Network.Changed] tells a network that its
// parameters have moved. Package train does all this batch after batch.
//
// [Network.Backprop] is backpropagation by the same machine, for any network that is a
// function from inputs to targets ([Network.Feedforward]): the baseline of an architecture
// needs no second implementation of it.
//
// # Methods
//
// A method says what it wants of the graph and how it moves latents; one loop settles them
// all. [Gradient] is the article's, with [Momentum], [Nesterov], [Adam] and [Lion] its usual
// variants. [Preconditioned], [GaussSeidel], [SymmetricGaussSeidel] and [RedBlack] divide by
// each node's curvature, which frozen weights make cheap: they rest after a few steps. While a
// network learns it may be that of weights as they were some batches ago (Inference.Lag).
// [Chain] inverts a whole chain. [ErrorCoordinates] sends signals through a deep network in
// one step.
//
// # Energies
//
// A prediction may have another energy than the Gaussian ½ Π ‖ε‖². A label is best measured
// by [CrossEntropy], data from 0 to 1 by [Bernoulli]: the prediction is then softmax(μ) or
// σ(μ), which is what Predict and Generate return, the error is ε = v − (Σ v) softmax(μ) or
// v − σ(μ), and the Hebbian update is error times feature as before. [Laplace] heeds outliers
// less. A precision may be given unit by unit ([Network.SetPrecision]) or learned with the
// weights ([GaussianLearned]). Config.WeightDecay and Config.ActivityPrior add ½ λ ‖W‖² and
// ½ α ‖v‖².
//
// A learned precision is that of the errors at settled latents. At a node between
// free ones these are smaller than the noise that made the data, and its precision
// grows as the network learns, at most to exp([MaxLogPrecision]).
//
// # Goroutines
//
// A network uses all cores itself and belongs to one goroutine. [Network.Clone] makes
// another one of the same parameters for a goroutine of its own, as in a server: clones may
// settle, predict and generate at once, while nobody changes parameters. Results are the
// same, to the bit, on any number of cores. A Result is live until the network settles
// again.
//
// # Adding your own
//
// What a network is made of goes by name, and so can what a user adds. Each of these
// functions makes a value known under a name, usually from an init function or at the
// beginning of main; from then on it may stand in a [Config], in YAML recipes, and is found
// again when a model file is loaded or a run resumed, which hold the name alone. A program
// that has not registered it, as the command pcnrun has not, refuses the file, and says
// which field has the name.
//
//   - An activation: feature.RegisterActivation, given φ, φ' and its largest slope.
//   - An energy of errors, unit by unit: graph.RegisterNodeEnergy, given ρ and ρ' in
//     graph.NewNodeEnergy.
//   - A term of the energy of some nodes: graph.RegisterTerm, given the term and its
//     gradient by the latents. It stands in Config.Terms.
//   - A map of an edge: linear.RegisterMap, given product, pull-back, the derivative by its
//     parameters, and a bound on its norm. Its Hebbian update follows.
//   - A method of settling: [RegisterMethod], given a [Mover], whose part is to move some
//     nodes of a shard along what the graph computed. Embed [AlongGradient] for what a mover
//     need not say. Which nodes move together, the guard, when to stop, and the record are
//     the loop's.
//   - An optimiser and a schedule: train.RegisterOptimizer and train.RegisterSchedule. An
//     optimiser says what it remembers by State, so that a resumed run has the same bits.
//   - A learning rule: rule.Register of package train/rule, given a rule.Rule, which says for
//     which networks it is and what it does with a batch, by [Network.Settle], by [Settling]
//     step by step, or by [Fixed].
//
// Slopes, curvatures and norms are promises, from which the inference rate is bounded: one
// that is too small lets settling overshoot, and the guard goes back and halves the rate.
// Functions are called for several examples at once, from several goroutines, and keep
// nothing between calls; a mover belongs to one shard, and may. Register before networks are
// made: a name registered again stands for the new value from then on. Names of what is
// built in are refused. Each function named here has an example.
//
// What learns as a whole needs no name: train.Fit teaches any train.Learner, a network or not.
package model
