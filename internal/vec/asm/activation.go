package main

import "github.com/mmcloughlin/avo/operand"

// leak is the slope of LeakyReLU below 0.
const leak = 0.01

// seluScale and seluAlpha are λ and α of SELU.
const (
	seluScale = 1.0507009873554804934193349852946
	seluAlpha = 1.6732632423543772848170429916717
)

// activations are the kernels of the activations but the identity.
func activations() []kernel {
	var list []kernel
	for _, f := range []struct {
		name   string
		only32 bool
		value  func(l *lanes, x value) value
	}{
		{"Tanh", true, tanh},
		{"ReLU", false, func(l *lanes, x value) value {
			zero := l.constant(0)
			return l.where(x, lessEqual, zero, x)
		}},
		{"LeakyReLU", false, func(l *lanes, x value) value { return l.max(l.mul(x, l.constant(leak)), x) }},
		{"Sigmoid", true, sigmoid},
		{"GELU", true, gelu},
		{"Softplus", true, softplus},
		{"HardTanh", false, func(l *lanes, x value) value {
			return l.min(l.constant(1), l.max(l.constant(-1), x))
		}},
		{"SiLU", true, func(l *lanes, x value) value { return l.mul(l.max(l.constant(-expMax), x), sigmoid(l, x)) }},
		{"ELU", true, elu},
		{"SELU", true, selu},
		{"Mish", true, mish},
	} {
		list = append(list, kernel{
			name: f.name, params: "dst, x []T", // dst = φ(x)
			loads: []string{"x"}, stores: []string{"dst"}, only32: f.only32,
			before: each(func(l *lanes, in []value) value { return f.value(l, in[0]) }),
		})
	}
	return list
}

// slopes are the kernels that multiply by the slope of an activation but the identity,
// each with and without an addend. All slopes are NaN where x is.
func slopes() []kernel {
	var list []kernel
	for _, f := range []struct {
		name   string
		only32 bool
		of     string // what the slope is a function of
		slope  func(l *lanes, x value) value
	}{
		{"Tanh", false, "y", func(l *lanes, y value) value { return l.fnma(y, y, l.constant(1)) }},
		{"ReLU", false, "x", func(l *lanes, x value) value { return step(l, x, 0) }},
		{"LeakyReLU", false, "x", func(l *lanes, x value) value { return step(l, x, leak) }},
		{"Sigmoid", false, "y", func(l *lanes, y value) value { return l.fnma(y, y, y) }},
		{"GELU", true, "x", geluSlope},
		{"Softplus", true, "x", sigmoid},
		{"HardTanh", false, "x", func(l *lanes, x value) value {
			return step(l, l.sub(l.constant(1), l.abs(x)), 0)
		}},
		{"SiLU", true, "x", siluSlope},
		{"ELU", false, "y", func(l *lanes, y value) value { return l.add(l.min(l.constant(0), y), l.constant(1)) }},
		{"SELU", true, "x", func(l *lanes, x value) value {
			below := l.mul(exp(l, l.max(l.constant(-expMax), l.min(l.constant(0), x))), l.constant(seluScale*seluAlpha))
			return l.where(x, greater, l.constant(seluScale), below)
		}},
		{"Mish", true, "x", mishSlope},
	} {
		list = append(list, kernel{
			name: "MulSlope" + f.name, params: "dst []T, s T, g, x, y []T", // dst = s·g ⊙ φ'(x), y = φ(x)
			loads: []string{"g", f.of}, stores: []string{"dst"}, only32: f.only32,
			before: func(l *lanes) body {
				s := l.spread("s")
				return func(in []value) []value { return []value{l.mul(l.mul(in[0], s), f.slope(l, in[1]))} }
			},
		}, kernel{
			name: "AddSlope" + f.name, params: "dst, a []T, s T, g, x, y []T", // dst = a + s·g ⊙ φ'(x), y = φ(x)
			loads: []string{"g", f.of, "a"}, stores: []string{"dst"}, only32: f.only32,
			before: func(l *lanes) body {
				s := l.spread("s")
				return func(in []value) []value { return []value{l.fma(l.mul(in[0], s), f.slope(l, in[1]), in[2])} }
			},
		})
	}
	return list
}

// step is 1 where x > 0 and else low, which is not negative.
func step(l *lanes, x value, low float64) value {
	return l.where(x, greater, l.constant(1), l.max(l.constant(low), x))
}

func tanh(l *lanes, x value) value {
	x = l.min(l.constant(tanhMax), l.max(l.constant(-tanhMax), x))
	s := l.mul(x, x)
	y := l.div(l.mul(x, l.polynomial(s, tanhP)), l.polynomial(s, tanhQ))
	return l.min(l.constant(1), l.max(l.constant(-1), y))
}

// exp is eˣ for |x| ≤ expMax or NaN.
func exp(l *lanes, x value) value {
	t := l.fma(x, l.constant(log2E), l.constant(round))
	n := l.sub(t, l.constant(round))
	r := l.fnma(n, l.constant(ln2Hi), x)
	r = l.fnma(n, l.constant(ln2Lo), r)
	p := l.fma(l.polynomial(r, expP), l.mul(r, r), r)
	// The scale, 2ⁿ, is a float of its own so that NaN stays NaN.
	scale := l.vector()
	l.VPSLLD(operand.U8(23), t, scale)
	l.VPADDD(l.register(l.constant(1)), scale, scale)
	return l.fma(p, scale, scale)
}

func sigmoid(l *lanes, x value) value {
	x = l.min(l.constant(expMax), l.max(l.constant(-expMax), x))
	one := l.constant(1)
	return l.div(one, l.add(exp(l, l.neg(x)), one))
}

// softplus is max(x, 0) + log(1 + exp(−|x|)).
func softplus(l *lanes, x value) value {
	e := exp(l, l.max(l.constant(-expMax), l.neg(l.abs(x))))
	z := l.div(e, l.add(e, l.constant(2)))
	s := l.mul(z, z)
	log := l.fma(l.polynomial(s, logP), l.mul(s, z), l.add(z, z))
	return l.add(log, l.max(l.constant(0), x))
}

// normal returns t = |x| up to normalMax, exp(−t²/2) and Φ(−t), the standard
// normal distribution function.
func normal(l *lanes, x value) (t, e, q value) {
	t = l.min(l.constant(normalMax), l.abs(x))
	e = exp(l, l.mul(l.mul(t, t), l.constant(-0.5)))
	q = l.div(l.mul(e, l.polynomial(t, normalP)), l.polynomial(t, normalQ))
	return t, e, q
}

// gelu is max(x, 0) − t Φ(−t), which is x Φ(x).
func gelu(l *lanes, x value) value {
	t, _, q := normal(l, x)
	return l.fnma(t, q, l.max(l.constant(0), x))
}

// geluSlope is Φ(x) + x Φ'(x), which is 1 less at −x.
func geluSlope(l *lanes, x value) value {
	t, e, q := normal(l, x)
	low := l.fnma(l.mul(t, l.constant(invSqrt2Pi)), e, q)
	return l.where(x, less, low, l.sub(l.constant(1), low))
}

// siluSlope is σ (1 + x (1 − σ)), with x bounded where σ is 0 or 1; 1 − σ is e⁻ˣ σ.
func siluSlope(l *lanes, x value) value {
	x = l.min(l.constant(expMax), l.max(l.constant(-expMax), x))
	e, one := exp(l, l.neg(x)), l.constant(1)
	s := l.div(one, l.add(e, one))
	return l.fma(l.mul(x, l.mul(e, s)), s, s)
}

// expm1 is eˣ − 1 for x ≤ 0, and 0 above.
func expm1(l *lanes, x value) value {
	return l.sub(exp(l, l.max(l.constant(-expMax), l.min(l.constant(0), x))), l.constant(1))
}

func elu(l *lanes, x value) value { return l.add(expm1(l, x), l.max(l.constant(0), x)) }

func selu(l *lanes, x value) value {
	return l.mul(l.fma(expm1(l, x), l.register(l.constant(seluAlpha)), l.max(l.constant(0), x)), l.constant(seluScale))
}

// mishParts returns eˣ and w = eˣ (eˣ + 2), of which tanh(softplus x) is w/(w+2): for x up
// to mishMax, above which that is 1.
func mishParts(l *lanes, x value) (bounded, e, w value) {
	bounded = l.min(l.constant(mishMax), l.max(l.constant(-expMax), x))
	e = exp(l, bounded)
	return bounded, e, l.mul(e, l.add(e, l.constant(2)))
}

func mish(l *lanes, x value) value {
	_, _, w := mishParts(l, x)
	return l.mul(l.max(l.constant(-expMax), x), l.div(w, l.add(w, l.constant(2))))
}

// mishSlope is w/(w+2) + 4 x eˣ (1 + eˣ)/(w+2)².
func mishSlope(l *lanes, x value) value {
	x, e, w := mishParts(l, x)
	by := l.add(w, l.constant(2))
	rest := l.div(l.mul(l.mul(x, l.constant(4)), l.fma(e, e, e)), by)
	return l.div(l.add(w, rest), by)
}
