package main

// The coefficients of the approximations. The fits minimise the largest relative
// error, which is given without float32 rounding; polynomials list their
// coefficients from the constant on.

// tanh x ≈ x P(x²)/Q(x²) for |x| ≤ tanhMax, to 2e-8. Rounding may take it past ±1.
const tanhMax = 9

var (
	tanhP = []float64{0.999999977537, 0.13380586665, 0.00349507961126, 2.06012382676e-5, 1.33447841368e-8}
	tanhQ = []float64{1, 0.467139017358, 0.0258750141838, 0.000328482573638, 7.77230573407e-7}
)

// eˣ = 2ⁿ eʳ with n = x/ln 2 rounded and r = x − n ln2Hi − n ln2Lo, for
// |x| ≤ expMax, where eˣ and e⁻ˣ are normal numbers; eʳ ≈ 1 + r + r² expP(r), to
// 3e-9. Adding round to a number below 2²² in magnitude rounds it, and leaves it
// as an integer in the low bits.
const (
	expMax = 87
	log2E  = 1.44269504088896341
	ln2Hi  = 0.693359375
	ln2Lo  = -2.12194440e-4
	round  = 3 << 22
)

var expP = []float64{0.499999934908, 0.166665201999, 0.0416683632787, 0.00836876768288, 0.00138165078105}

// log(1+e) = 2 artanh z ≈ 2z + z³ logP(z²) with z = e/(2+e), for 0 ≤ e ≤ 1, to
// 5e-9.
var logP = []float64{0.666664123869, 0.400217275433, 0.279988012453, 0.28025751722}

// Φ(−t), the standard normal distribution function, ≈ exp(−t²/2) P(t)/Q(t) for
// 0 ≤ t ≤ normalMax, to 5e-9.
const normalMax = 12.5

var (
	normalP = []float64{0.500000002143, 0.433710710098, 0.179854100311, 0.0394972210401, 0.00394856015918}
	normalQ = []float64{1, 1.66530629624, 1.18842669755, 0.460547006039, 0.0990129984541, 0.00989740943649}
)

// mishMax is where tanh(softplus x) is 1 in float32.
const mishMax = 20

// invSqrt2Pi is the density of the standard normal distribution at 0.
const invSqrt2Pi = 0.398942280401432678
