package main

import "slices"

// each is a body of one result, with nothing before the loop.
func each(f func(l *lanes, in []value) value) func(*lanes) body {
	return func(l *lanes) body {
		return func(in []value) []value { return []value{f(l, in)} }
	}
}

var kernels = slices.Concat(arithmetic, groups, activations(), slopes())

var arithmetic = []kernel{
	{
		name: "Scale", params: "dst []T, a T, x []T", // dst = a·x
		loads: []string{"x"}, stores: []string{"dst"},
		before: func(l *lanes) body {
			a := l.spread("a")
			return func(in []value) []value { return []value{l.mul(in[0], a)} }
		},
	},
	{
		name: "AddScaled", params: "dst, y []T, a T, x []T", // dst = y + a·x
		loads: []string{"y", "x"}, stores: []string{"dst"},
		before: func(l *lanes) body {
			a := l.spread("a")
			return func(in []value) []value { return []value{l.fma(in[1], a, in[0])} }
		},
	},
	{
		name: "AddRow", params: "dst, b []T", // dst += b for each row of dst
		loads: []string{"dst", "b"}, stores: []string{"dst"}, row: "b",
		before: each(func(l *lanes, in []value) value { return l.add(in[0], in[1]) }),
	},
	{
		name: "SubRow", params: "dst, x, b []T", // dst = x − b for each row of x
		loads: []string{"x", "b"}, stores: []string{"dst"}, row: "b",
		before: each(func(l *lanes, in []value) value { return l.sub(in[0], in[1]) }),
	},
	{
		name: "Residual", params: "dst, x, b []T", // dst = x − (dst + b) for each row of dst
		loads: []string{"dst", "x", "b"}, stores: []string{"dst"}, row: "b",
		before: each(func(l *lanes, in []value) value { return l.sub(in[1], l.add(in[0], in[2])) }),
	},
	{
		name: "Weigh", params: "dst, x, p []T", // dst = x ⊙ p for each row of x
		loads: []string{"x", "p"}, stores: []string{"dst"}, row: "p",
		before: each(func(l *lanes, in []value) value { return l.mul(in[0], in[1]) }),
	},
	{
		name: "Momentum", params: "x, v, d []T, m, a T", // v = m·v + d and x += a·v
		loads: []string{"x", "v", "d"}, stores: []string{"x", "v"},
		before: func(l *lanes) body {
			m, a := l.spread("m"), l.spread("a")
			return func(in []value) []value {
				v := l.fma(in[1], m, in[2])
				return []value{l.fma(v, a, in[0]), v}
			}
		},
	},
	{
		name: "Adam", params: "x, m, v, d []T, beta1, beta2, a, c, epsilon, decay T", // moves x along d by Adam's rule
		loads: []string{"x", "m", "v", "d"}, stores: []string{"x", "m", "v"},
		before: func(l *lanes) body {
			beta1, beta2, a := l.spread("beta1"), l.spread("beta2"), l.spread("a")
			c, epsilon, decay := l.spread("c"), l.spread("epsilon"), l.spread("decay")
			one := l.constant(1)
			new1, new2 := l.sub(one, beta1), l.sub(one, beta2)
			return func(in []value) []value {
				x, d := in[0], in[3]
				m := l.fma(in[1], beta1, l.mul(d, new1))
				v := l.fma(in[2], beta2, l.mul(l.mul(d, new2), d))
				move := l.div(l.mul(m, a), l.add(l.sqrt(l.mul(v, c)), epsilon))
				return []value{l.add(x, l.fnma(x, decay, move)), m, v}
			}
		},
	},
}
