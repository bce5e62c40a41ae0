// Package trained uses model files: a network with its card, which says what it learned
// from, how its inputs are scaled, and what its classes and columns are called. A model with
// a card needs nothing else to predict, to generate, or to be scored again on the very
// examples that it did not learn from.
//
//	m, err := trained.Open("runs/digits/model.safetensors")
//	sets, notes, err := m.Sets()
//
// A run of package run writes such files; [Describe] gives any network a card.
package trained
