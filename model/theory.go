package model

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/graph/feature"
)

// Equilibrium is where a linear network comes to rest, in float64 whatever the
// network's own type.
type Equilibrium struct {
	// Latents are v_l by node, (B, d_l), what is clamped included.
	Latents []*tensor.Dense
	// Energy is the energy over the batch, LayerEnergy its part at node i for
	// each layer i, and ExampleEnergy each example's part, (B).
	Energy        float64
	LayerEnergy   []float64
	ExampleEnergy []float64
	// Unique says that there is one equilibrium for each example. Where the
	// clamps leave a direction in which the energy is flat, there are many, all
	// of one energy, and Latents is the one of least norm: where descent from
	// zeros ends.
	Unique bool
}

// maxCondition is the condition number up to which the normal equations are
// solved as they are: beyond it they would lose half the digits or more.
const maxCondition = 1e7

// Equilibrium returns the latents that minimise the energy of a network whose
// activations are all identity and whose energies are all Gaussian, with what c
// fixes fixed. It is an error where one is not.
//
// The energy of an example is ½‖A x − y‖² with x its free units stacked, and A
// of a row √Π (1, −W) for each unit that is predicted, and √α for each of which
// there is a prior. Its minimum is solved
// from the normal equations AᵀA x = Aᵀ y by Cholesky, with AᵀA the Hessian, and
// where that is singular or nearly so by the singular values of A. With both
// ends clamped the energy is that of Innocenti, Achour, Singh and Buckley (2024),
// Only strict saddles in the energy landscape of predictive coding networks?,
// theorem 1:
//
//	E = ½ Σ rᵀ S⁻¹ r,  S = Π_0⁻¹ + Σ_{l=1}^{L−1} P_l Π_l⁻¹ P_lᵀ,  P_l = W_1 … W_l
//
// with r = v_0 − μ_0 the error of the pass downwards.
func (n *Network) Equilibrium(c Clamps) (*Equilibrium, error) {
	rows, err := n.check(c)
	if err != nil {
		return nil, err
	}
	for i, a := range n.activations {
		if a != feature.Identity {
			return nil, fmt.Errorf("model: equilibrium: the activation of node %d must be identity, got %v", i+1, a)
		}
	}
	for i, k := range n.energies {
		if !k.Form().Settles() {
			return nil, fmt.Errorf("model: equilibrium: the energy of node %d must be Gaussian, got %v", i, k)
		}
	}
	e := &Equilibrium{LayerEnergy: make([]float64, n.Depth()), ExampleEnergy: make([]float64, rows), Unique: true}
	for l, d := range n.sizes {
		v := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, d))
		if c[l].Values != nil {
			for i := range rows * d {
				setElement(v, i, element(c[l].Values, i))
			}
		}
		e.Latents = append(e.Latents, v)
	}
	solvers := map[string]*linearSolver{} // by which units are free
	for row := range rows {
		free := n.freeUnits(c, row)
		key := fmt.Sprint(free)
		s := solvers[key]
		if s == nil {
			if s, err = n.linearSolver(free); err != nil {
				return nil, err
			}
			solvers[key] = s
		}
		e.Unique = e.Unique && s.unique
		if err := s.solve(e, row); err != nil {
			return nil, err
		}
	}
	for i, constant := range n.constants() {
		e.LayerEnergy[i] += float64(rows) * constant
		for row := range rows {
			e.ExampleEnergy[row] += constant
		}
	}
	e.Energy = sum(e.LayerEnergy)
	return e, nil
}

// unit is a unit of a node.
type unit struct{ node, index int }

// freeUnits returns what c leaves free in an example, node by node.
func (n *Network) freeUnits(c Clamps, row int) (free []unit) {
	for l, v := range c {
		if v.whole() {
			continue
		}
		for u := range n.sizes[l] {
			if v.Fixed == nil || element(v.Fixed, (row*n.sizes[l]+u)%v.Fixed.Shape().TotalSize()) == 0 {
				free = append(free, unit{l, u})
			}
		}
	}
	return free
}

// precision returns Π of a unit of node i.
func (n *Network) precision(i, u int) float64 {
	if n.precisions[i] == nil {
		return 1
	}
	return element(n.precisions[i], u)
}

// linearSolver solves for the free units of an example.
type linearSolver struct {
	network  *Network
	free     []unit
	a        *mat.Dense // by predicted unit and free unit
	unique   bool
	cholesky *mat.Cholesky // of AᵀA, or
	svd      *mat.SVD      // of A, where AᵀA is near to singular
	rank     int
}

func (n *Network) linearSolver(free []unit) (*linearSolver, error) {
	s := &linearSolver{network: n, free: free, unique: true}
	if len(free) == 0 {
		return s, nil
	}
	first := make([]int, n.Depth()+1) // of each node's rows
	for i := range n.Depth() {
		first[i+1] = first[i] + s.rows(i)
	}
	s.a = mat.NewDense(first[n.Depth()], len(free), nil)
	for col, f := range free {
		if f.node < n.Depth() {
			s.a.Set(first[f.node]+f.index, col, math.Sqrt(n.precision(f.node, f.index)))
			if s.rows(f.node) > n.sizes[f.node] {
				s.a.Set(first[f.node]+n.sizes[f.node]+f.index, col, math.Sqrt(n.cfg.ActivityPrior))
			}
		}
		if i := f.node - 1; i >= 0 {
			for u := range n.sizes[i] {
				s.a.Set(first[i]+u, col, -math.Sqrt(n.precision(i, u))*element(n.weights[i], u*n.sizes[i+1]+f.index))
			}
		}
	}
	var h mat.SymDense
	h.SymOuterK(1, s.a.T())
	var cholesky mat.Cholesky
	if cholesky.Factorize(&h) && cholesky.Cond() <= maxCondition {
		s.cholesky = &cholesky
		return s, nil
	}
	s.svd = &mat.SVD{}
	if !s.svd.Factorize(s.a, mat.SVDThin) {
		return nil, fmt.Errorf("model: equilibrium: the singular values of %d equations for %d free units are not to be had: the weights are not finite", first[n.Depth()], len(free))
	}
	s.rank = s.svd.Rank(1e-12)
	s.unique = s.rank == len(free)
	return s, nil
}

// rows returns the number of rows of A for node i: one for each unit, and one for
// each that has a prior.
func (s *linearSolver) rows(i int) int {
	if i > 0 && s.network.cfg.ActivityPrior > 0 {
		return 2 * s.network.sizes[i]
	}
	return s.network.sizes[i]
}

// residual returns A x − y by row: √Π ε at an example's latents, and √α v.
func (s *linearSolver) residual(e *Equilibrium, row int) *mat.VecDense {
	n := s.network
	var all []float64
	for i := range n.Depth() {
		above := e.Latents[i+1].Float64s()[row*n.sizes[i+1] : (row+1)*n.sizes[i+1]]
		for u := range n.sizes[i] {
			eps := element(e.Latents[i], row*n.sizes[i]+u) - element(n.biases[i], u)
			for k, x := range above {
				eps -= element(n.weights[i], u*n.sizes[i+1]+k) * x
			}
			all = append(all, math.Sqrt(n.precision(i, u))*eps)
		}
		for u := range s.rows(i) - n.sizes[i] {
			all = append(all, math.Sqrt(n.cfg.ActivityPrior)*element(e.Latents[i], row*n.sizes[i]+u))
		}
	}
	return mat.NewVecDense(len(all), all)
}

// solve sets the free units of an example, which are 0, and enters its energy.
func (s *linearSolver) solve(e *Equilibrium, row int) error {
	n := s.network
	for _, f := range s.free {
		setElement(e.Latents[f.node], row*n.sizes[f.node]+f.index, 0)
	}
	if len(s.free) > 0 {
		y := s.residual(e, row) // −y, with x = 0
		y.ScaleVec(-1, y)
		var x mat.VecDense
		if s.cholesky != nil {
			var right mat.VecDense
			right.MulVec(s.a.T(), y)
			if err := s.cholesky.SolveVecTo(&x, &right); err != nil {
				return fmt.Errorf("model: equilibrium: %w", err)
			}
		} else if s.rank > 0 {
			s.svd.SolveVecTo(&x, y, s.rank)
		} else {
			x = *mat.NewVecDense(len(s.free), nil)
		}
		for i, f := range s.free {
			setElement(e.Latents[f.node], row*n.sizes[f.node]+f.index, x.AtVec(i))
		}
	}
	r := s.residual(e, row).RawVector().Data
	for i := range n.Depth() {
		energy := 0.0
		for range s.rows(i) {
			energy += r[0] * r[0] / 2
			r = r[1:]
		}
		e.LayerEnergy[i] += energy
		e.ExampleEnergy[row] += energy
	}
	return nil
}

// WeightNorms returns the Frobenius and the spectral norm of W of layer i: the root
// of the sum of its squares, and its largest singular value.
func (n *Network) WeightNorms(i int) (frobenius, spectral float64) {
	w := mat.NewDense(n.sizes[i], n.sizes[i+1], nil)
	for u := range n.sizes[i] {
		for k := range n.sizes[i+1] {
			w.Set(u, k, element(n.weights[i], u*n.sizes[i+1]+k))
		}
	}
	var gram mat.SymDense // on the smaller side
	if n.sizes[i] > n.sizes[i+1] {
		gram.SymOuterK(1, w.T())
	} else {
		gram.SymOuterK(1, w)
	}
	_, largest := extremes(&gram)
	return mat.Norm(w, 2), math.Sqrt(max(largest, 0))
}
