package model

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gorgonia.org/tensor"

	"example.com/pcn/graph"
	"example.com/pcn/internal/dense"
)

// Equilibrium is where a linear network comes to rest, in float64 whatever the
// network's own type.
type Equilibrium struct {
	// Latents are v by node, (B, d), what is clamped included.
	Latents []*tensor.Dense
	// Energy is the energy over the batch, NodeEnergy the part of each node, and
	// ExampleEnergy each example's part, (B).
	Energy        float64
	NodeEnergy    []float64
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
// activations are all identity and whose energies are all Gaussian, of any shape, circles
// included, with what is clamped fixed. It is an error where one is not.
//
// The energy of an example is ½‖A x + r‖² with x its free units stacked, A a row √(wΠ) (1,
// −a M) for each unit of each prediction, and √α for each of which there is a prior, and r
// what is left at x = 0. Its minimum is solved from the normal equations AᵀA x = −Aᵀ r by
// Cholesky, with AᵀA the Hessian, and where that is singular or nearly so by the singular
// values of A. Of a chain with both ends clamped the energy is that of Innocenti, Achour,
// Singh and Buckley (2024), Only strict saddles in the energy landscape of predictive
// coding networks?, theorem 1:
//
//	E = ½ Σ rᵀ S⁻¹ r,  S = Π_0⁻¹ + Σ_{l=1}^{L−1} P_l Π_l⁻¹ P_lᵀ,  P_l = W_1 … W_l
//
// with r = v_0 − μ_0 the error of the pass downwards.
func (n *Network) Equilibrium(of Clamps) (*Equilibrium, error) {
	c, rows, err := n.check(of)
	if err != nil {
		return nil, err
	}
	system, err := n.equations()
	if err != nil {
		return nil, fmt.Errorf("model: equilibrium: %w", err)
	}
	e := &Equilibrium{NodeEnergy: make([]float64, len(n.sizes)), ExampleEnergy: make([]float64, rows), Unique: true}
	for l, d := range n.sizes {
		v := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(rows, d))
		if c[l].Values != nil {
			dense.Copy(v, c[l].Values)
		}
		e.Latents = append(e.Latents, v)
	}
	solvers := map[string]*linearSolver{} // by which units are free
	for row := range rows {
		free := n.freeUnits(c, row)
		key := fmt.Sprint(free)
		s := solvers[key]
		if s == nil {
			if s, err = system.solver(free); err != nil {
				return nil, fmt.Errorf("model: equilibrium: %w", err)
			}
			solvers[key] = s
		}
		e.Unique = e.Unique && s.unique
		if err := s.solve(e, row); err != nil {
			return nil, fmt.Errorf("model: equilibrium: %w", err)
		}
	}
	for l, constant := range n.constants() {
		e.NodeEnergy[l] += float64(rows) * constant
		for row := range rows {
			e.ExampleEnergy[row] += constant
		}
	}
	e.Energy = sum(e.NodeEnergy)
	return e, nil
}

// unit is a unit of a node.
type unit struct{ node, index int }

// freeUnits returns what c leaves free in an example, node by node.
func (n *Network) freeUnits(c []Clamp, row int) (free []unit) {
	for l, v := range c {
		if v.whole() {
			continue
		}
		for u := range n.sizes[l] {
			if v.Fixed == nil || dense.At(v.Fixed, (row*n.sizes[l]+u)%v.Fixed.Shape().TotalSize()) == 0 {
				free = append(free, unit{l, u})
			}
		}
	}
	return free
}

// equations are the residuals of a linear network, of which the energy of an example is
// half the sum of squares: r + A v with v all units of all nodes.
type equations struct {
	a     *mat.Dense
	r     []float64
	nodes []int // by residual: the node of whose energy it is a part
	first []int // by node: the column of its first unit
}

// linear returns why a network's energy is not that of a linear network, nil where it is.
func (n *Network) linear() error {
	for i, p := range n.wiring.Predictions {
		for _, e := range p.Edges {
			if !e.Feature.Linear() {
				return fmt.Errorf("prediction of %s: feature: must be linear, got %v", p.Of, e.Feature)
			}
		}
		if !p.After.Linear() {
			return fmt.Errorf("prediction of %s: after: must be linear, got %v", p.Of, p.After)
		}
		if p.Energy != graph.Gaussian {
			return fmt.Errorf("prediction of %s: energy: must be Gaussian, got %v", p.Of, n.terms[i].energy)
		}
	}
	if len(n.wiring.Own) > 0 {
		return fmt.Errorf("terms: must be none, got %s", n.wiring.Own[0].Term)
	}
	return nil
}

// equations finds A and r on a machine, in float64: with no unit on, and with each.
func (n *Network) equations() (*equations, error) {
	if err := n.linear(); err != nil {
		return nil, err
	}
	wide, err := n.As(Float64)
	if err != nil {
		return nil, err
	}
	q := &equations{}
	units := 0
	for _, d := range n.sizes {
		q.first = append(q.first, units)
		units += d
	}
	nodes := len(n.sizes)
	e, err := wide.build(form{clamped: make([]bool, nodes), masked: make([]bool, nodes), method: Gradient}, units+1)
	if err != nil {
		return nil, err
	}
	m, err := graph.Compile(e)
	if err != nil {
		return nil, err
	}
	if err := m.Freeze(); err != nil {
		return nil, err
	}
	if err := m.Load(units+1, make([]*tensor.Dense, nodes), nil); err != nil {
		return nil, err
	}
	for l, d := range n.sizes {
		v := m.Latent(l).Float64s()
		clear(v)
		for u := range d {
			v[(1+q.first[l]+u)*d+u] = 1
		}
	}
	m.Each((*graph.Shard).Errors)
	columns := make([][]float64, units+1) // r, and then r + A by column
	add := func(l int, d int, of func(row, unit int) float64) {
		for u := range d {
			q.nodes = append(q.nodes, l)
			for row := range columns {
				columns[row] = append(columns[row], of(row, u))
			}
		}
	}
	for i, l := range n.wiring.Of {
		d, eps, w := n.sizes[l], m.Error(i).Float64s(), n.wiring.Predictions[i].Weight
		add(l, d, func(row, u int) float64 {
			if p := wide.terms[i].precision; p != nil {
				return math.Sqrt(w*dense.At(p, u)) * eps[row*d+u]
			}
			return math.Sqrt(w) * eps[row*d+u]
		})
	}
	for l, node := range n.wiring.Nodes {
		if v := m.Latent(l).Float64s(); node.Prior > 0 {
			add(l, node.Size(), func(row, u int) float64 { return math.Sqrt(node.Prior) * v[row*node.Size()+u] })
		}
	}
	q.r = columns[0]
	q.a = mat.NewDense(len(q.r), units, nil)
	for col, with := range columns[1:] {
		for i, x := range with {
			q.a.Set(i, col, x-q.r[i])
		}
	}
	return q, nil
}

// linearSolver solves for the free units of an example.
type linearSolver struct {
	*equations
	free     []unit
	of       *mat.Dense // the columns of a that are free
	unique   bool
	cholesky *mat.Cholesky // of AᵀA, or
	svd      *mat.SVD      // of A, where AᵀA is near to singular
	rank     int
}

func (q *equations) solver(free []unit) (*linearSolver, error) {
	s := &linearSolver{equations: q, free: free, unique: true}
	if len(free) == 0 {
		return s, nil
	}
	s.of = mat.NewDense(len(q.r), len(free), nil)
	for col, f := range free {
		for i := range q.r {
			s.of.Set(i, col, q.a.At(i, q.first[f.node]+f.index))
		}
	}
	var h mat.SymDense
	h.SymOuterK(1, s.of.T())
	var cholesky mat.Cholesky
	if cholesky.Factorize(&h) && cholesky.Cond() <= maxCondition {
		s.cholesky = &cholesky
		return s, nil
	}
	s.svd = &mat.SVD{}
	if !s.svd.Factorize(s.of, mat.SVDThin) {
		return nil, fmt.Errorf("the singular values of %d equations for %d free units are not to be had: the weights are not finite", len(q.r), len(free))
	}
	s.rank = s.svd.Rank(1e-12)
	s.unique = s.rank == len(free)
	return s, nil
}

// residual returns r + A v at an example's latents.
func (q *equations) residual(e *Equilibrium, row int) *mat.VecDense {
	_, units := q.a.Dims()
	v := make([]float64, 0, units)
	for _, x := range e.Latents {
		d := x.Shape()[1]
		v = append(v, x.Float64s()[row*d:(row+1)*d]...)
	}
	var sum mat.VecDense
	sum.MulVec(q.a, mat.NewVecDense(units, v))
	sum.AddVec(&sum, mat.NewVecDense(len(q.r), q.r))
	return &sum
}

// solve sets the free units of an example, and enters its energy.
func (s *linearSolver) solve(e *Equilibrium, row int) error {
	set := func(value func(i int) float64) {
		for i, f := range s.free {
			v := e.Latents[f.node]
			dense.Set(v, row*v.Shape()[1]+f.index, value(i))
		}
	}
	set(func(int) float64 { return 0 })
	if len(s.free) > 0 {
		y := s.residual(e, row)
		y.ScaleVec(-1, y)
		x := mat.NewVecDense(len(s.free), nil)
		if s.cholesky != nil {
			var right mat.VecDense
			right.MulVec(s.of.T(), y)
			if err := s.cholesky.SolveVecTo(x, &right); err != nil {
				return err
			}
		} else if s.rank > 0 {
			s.svd.SolveVecTo(x, y, s.rank)
		}
		set(x.AtVec)
	}
	r := s.residual(e, row)
	for i, l := range s.nodes {
		energy := r.AtVec(i) * r.AtVec(i) / 2
		e.NodeEnergy[l] += energy
		e.ExampleEnergy[row] += energy
	}
	return nil
}

// WeightNorms returns the Frobenius and the spectral norm of the weights of edge j of
// prediction i: the root of the sum of their squares, and their largest singular value; of
// gains both as of a diagonal matrix, and 0 where there are none. The spectral norm of a
// convolution is that of the whole map, by power iteration.
func (n *Network) WeightNorms(i, j int) (frobenius, spectral float64) {
	weights := n.EdgeWeights(i, j)
	if weights == nil {
		return 0, 0
	}
	shape := weights.Shape()
	if len(shape) == 1 {
		for _, g := range dense.Floats(weights) {
			spectral = max(spectral, math.Abs(g))
		}
		return math.Sqrt(norm2(weights)), spectral
	}
	if n.wiring.Predictions[i].Edges[j].Map.Parameters(n.wiring.Features[i][j], n.wiring.Sums[i])[0].Axes != nil {
		return math.Sqrt(norm2(weights)), n.mapNorm(i, j)
	}
	w := mat.NewDense(shape[0], shape[1], dense.Floats(weights))
	var svd mat.SVD
	if !svd.Factorize(w, mat.SVDNone) {
		return mat.Norm(w, 2), math.NaN()
	}
	return mat.Norm(w, 2), svd.Values(nil)[0]
}
