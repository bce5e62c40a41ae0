package tools

import "github.com/spf13/cobra"

// Words is a page of help on the words that the commands print.
func Words() *cobra.Command {
	return &cobra.Command{
		Use:     "words",
		Short:   "What the words mean that pcnrun prints",
		Long:    wordsText,
		Example: "  pcnrun help words",
	}
}

const wordsText = `What the words mean that pcnrun prints, those first that come first.

What is learned
  example      one input and the target that belongs to it: an image and its digit
  target       what is to be told from an input: a class, or numbers
  test         examples that are kept apart, and scored once at the end
  validation   examples that are kept apart, and scored after each epoch
  epoch        one pass over all examples that are learned from
  batch        the few examples that are settled at once, after which weights move
  accuracy     share of the examples whose class was told right
  precision    of a class: share of those told to be of it that are; of a node, below
  recall       share of a class that is told to be of it; F1 lies between both
  MSE          mean squared error: what predicted numbers miss by, squared; RMSE is its
               root, and R² the share of the variance that is explained

The network
  network      layers by their sizes: 64-128-128-10 has 64 pixels, twice 128 hidden
               units and 10 classes
  node         a layer of units; hidden where the data says nothing of it
  unit         one number of a node, for each example; its latent is what it believes
  latents      the numbers of all units, which settle for each example anew
  prediction   what one node expects of another, computed by the weights between
  dense        each unit predicts each: weights are a full matrix
  weights      the numbers that are learned, and that stay from example to example
  bottom, top  the node that predicts nothing, and that which nothing predicts
  discriminative, generative   whether the class is at the bottom, and predicted from
               the input, or at the top, from which the input is predicted
  leaky-relu   activation, a bend that numbers go through: positive ones stay, others
               are made small; tanh, gelu and others are further such bends
  float32      how many bits a number has
  role         whether a node holds inputs, holds targets, or is hidden
  shape        how many units a node has, or rows and columns the weights

Settling
  error        what a latent is beside its prediction
  precision    how much an error of a node counts
  energy       half the sum of all squared errors: settling and learning make it small
  clamped      held at the data; what is not clamped is free
  settling     latents move, with the weights at rest, to where the energy is smaller
  step         all free latents move once, as far as the rate says
  gauss-seidel, gradient   methods: how a step goes; 'pcnrun train --help' lists them
  step-limit   settling ended after the steps it was given; converged: at rest before
  rest         where latents no longer move: the equilibrium
  fall         how much energy settling takes away from start to rest
  residual     what is left of the gradient, the push on latents, as a share of its
               largest; of one node, that node's part of it
  diverged     latents moved too far in each step, and the energy rose

Looking closer
  backprop     backpropagation, the usual way to compute how weights should move
  cosine       how alike two directions are: 1 the same, 0 nothing in common
  alignment    the cosine between how a step of the weights moves predictions, and the
               way to the targets
  norm         size of the weights: the root of their sum of squares; spectral: the
               most they can stretch an input
  curvature    how steeply the energy rises around where latents are; its eigenvalues
               are from the flattest direction to the steepest
  condition    the steepest by the flattest: how hard it is to settle by a gradient
  safe rate    the largest rate of a gradient step that surely does not diverge; the
               guard allows less, as it has only a bound of the curvature
  kernel       the code that multiplies matrices on this machine`
