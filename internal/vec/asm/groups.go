package main

// groups are kernels over groups of elements that lie apart, as the channels of positions
// do that a window takes.
var groups = []kernel{
	{
		name: "MaxGroups", params: "dst, x []T, n, c, step int", // dst = max(dst, x)
		loads: []string{"dst", "x"}, stores: []string{"dst"}, groups: map[string]string{"x": "step"},
		before: each(func(l *lanes, in []value) value {
			larger := l.max(in[0], in[1]) // NaN where x is
			return l.where(in[0], isNaN, in[0], larger)
		}),
	},
	{
		name: "TakeGroups", params: "dst, rest, x, y []T, n, c, step int", // dst += rest and rest = 0 where x = y or either is NaN
		loads: []string{"dst", "rest", "x", "y"}, stores: []string{"dst", "rest"}, groups: map[string]string{"dst": "step", "x": "step"},
		before: func(l *lanes) body {
			return func(in []value) []value {
				difference, zero := l.sub(in[2], in[3]), l.constant(0)
				taken := l.where(difference, equalOrNaN, in[1], zero)
				return []value{l.add(in[0], taken), l.where(difference, equalOrNaN, zero, in[1])}
			}
		},
	},
	{
		name: "AddScaledGroups", params: "dst []T, a T, x []T, n, c, dstStep, xStep int", // dst += a·x
		loads: []string{"dst", "x"}, stores: []string{"dst"}, groups: map[string]string{"dst": "dstStep", "x": "xStep"},
		before: func(l *lanes) body {
			a := l.spread("a")
			return func(in []value) []value { return []value{l.fma(in[1], a, in[0])} }
		},
	},
}
