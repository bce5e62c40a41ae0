// Package model is a predictive coding network: its sizes and weights, the
// clamps that say which of its nodes are data, the settling of the others, and
// the Hebbian update of the weights.
//
// # One energy, two directions
//
// Nodes are numbered 0..L from the bottom. Node l predicts node l−1, and the
// energy is the sum of the squared prediction errors (package graph writes it
// down). A [Config] lists layer sizes from data to label; its [Direction] says
// which end is the bottom:
//
//   - [Discriminative]: the target at the bottom, the input at the top. A
//     prediction is one pass downwards.
//   - [Generative]: the input at the bottom, the label at the top. A prediction
//     clamps the input and lets the rest settle; generating is the pass
//     downwards.
//
// Everything that differs between the two is where the clamps are.
//
// # Two phases
//
// [Network.Settle] lets the free latents descend the energy with the weights
// frozen. [Network.Hebbian] then gives the direction in which each weight
// should move, from the error below it and the activation above it and nothing
// else:
//
//	ΔW = (Π ε)ᵀ φ(v) / B,  Δb = mean Π ε
//
// At a settled network it is −∂E/∂W / B exactly (Whittington and Bogacz 2017,
// eq. 2.19). Package train applies it.
//
// # Energies
//
// Config.Energies gives nodes other forms of energy than the Gaussian ½ Π ‖ε‖². A
// label is best measured by [CrossEntropy], data from 0 to 1 by [Bernoulli], each at
// the bottom: the prediction is then softmax(μ) or σ(μ), which is what Predict and
// Generate return, the error is ε = v − (Σ v) softmax(μ) or v − σ(μ), and the
// Hebbian update is error times activation as before. A precision may be given unit
// by unit ([Network.SetPrecision]) or learned with the weights ([GaussianLearned]).
// Config.WeightDecay and Config.ActivityPrior add ½ λ ‖W‖² and ½ α ‖v‖².
//
// A learned precision is that of the errors at settled latents. At a node between
// free ones these are smaller than the noise that made the data, and its precision
// grows as the network learns, at most to exp([MaxLogPrecision]).
package model
