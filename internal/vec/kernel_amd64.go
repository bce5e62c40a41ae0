package vec

import "golang.org/x/sys/cpu"

//go:generate go run ./asm

// builtin lists the kernels that the machine can run, the preferred ones first.
func builtin() []backend {
	var list []backend
	if cpu.X86.HasAVX512F && cpu.X86.HasBMI2 {
		list = append(list, backend{name: "avx512", f32: avx512F32(), f64: avx512F64()})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, backend{name: "avx2", f32: avx2F32(), f64: avx2F64()})
	}
	return append(list, portable())
}

func avx512F32() kernels[float32] {
	return kernels[float32]{
		scale:           avx512F32Scale,
		addScaled:       avx512F32AddScaled,
		addRow:          avx512F32AddRow,
		subRow:          avx512F32SubRow,
		residual:        avx512F32Residual,
		weigh:           avx512F32Weigh,
		momentum:        avx512F32Momentum,
		adam:            avx512F32Adam,
		maxGroups:       avx512F32MaxGroups,
		takeGroups:      avx512F32TakeGroups,
		addScaledGroups: avx512F32AddScaledGroups,
		squares:         avx512F32Squares,
		squaresOfRows:   avx512F32SquaresOfRows,
		squaresWeighed:  avx512F32SquaresWeighed,
		dot:             avx512F32Dot,
		by: [funcs]activation[float32]{
			Tanh:      {avx512F32Tanh, avx512F32MulSlopeTanh, avx512F32AddSlopeTanh},
			ReLU:      {avx512F32ReLU, avx512F32MulSlopeReLU, avx512F32AddSlopeReLU},
			LeakyReLU: {avx512F32LeakyReLU, avx512F32MulSlopeLeakyReLU, avx512F32AddSlopeLeakyReLU},
			Sigmoid:   {avx512F32Sigmoid, avx512F32MulSlopeSigmoid, avx512F32AddSlopeSigmoid},
			GELU:      {avx512F32GELU, avx512F32MulSlopeGELU, avx512F32AddSlopeGELU},
			Softplus:  {avx512F32Softplus, avx512F32MulSlopeSoftplus, avx512F32AddSlopeSoftplus},
			HardTanh:  {avx512F32HardTanh, avx512F32MulSlopeHardTanh, avx512F32AddSlopeHardTanh},
			SiLU:      {avx512F32SiLU, avx512F32MulSlopeSiLU, avx512F32AddSlopeSiLU},
			ELU:       {avx512F32ELU, avx512F32MulSlopeELU, avx512F32AddSlopeELU},
			SELU:      {avx512F32SELU, avx512F32MulSlopeSELU, avx512F32AddSlopeSELU},
			Mish:      {avx512F32Mish, avx512F32MulSlopeMish, avx512F32AddSlopeMish},
		},
	}
}

func avx512F64() kernels[float64] {
	return kernels[float64]{
		scale:           avx512F64Scale,
		addScaled:       avx512F64AddScaled,
		addRow:          avx512F64AddRow,
		subRow:          avx512F64SubRow,
		residual:        avx512F64Residual,
		weigh:           avx512F64Weigh,
		momentum:        avx512F64Momentum,
		adam:            avx512F64Adam,
		maxGroups:       avx512F64MaxGroups,
		takeGroups:      avx512F64TakeGroups,
		addScaledGroups: avx512F64AddScaledGroups,
		squares:         avx512F64Squares,
		squaresOfRows:   avx512F64SquaresOfRows,
		squaresWeighed:  avx512F64SquaresWeighed,
		dot:             avx512F64Dot,
		by: [funcs]activation[float64]{
			Tanh:      {valueLoop[float64](Tanh), avx512F64MulSlopeTanh, avx512F64AddSlopeTanh},
			ReLU:      {avx512F64ReLU, avx512F64MulSlopeReLU, avx512F64AddSlopeReLU},
			LeakyReLU: {avx512F64LeakyReLU, avx512F64MulSlopeLeakyReLU, avx512F64AddSlopeLeakyReLU},
			Sigmoid:   {valueLoop[float64](Sigmoid), avx512F64MulSlopeSigmoid, avx512F64AddSlopeSigmoid},
			GELU:      {valueLoop[float64](GELU), mulSlopeLoop[float64](GELU), addSlopeLoop[float64](GELU)},
			Softplus:  {valueLoop[float64](Softplus), mulSlopeLoop[float64](Softplus), addSlopeLoop[float64](Softplus)},
			HardTanh:  {avx512F64HardTanh, avx512F64MulSlopeHardTanh, avx512F64AddSlopeHardTanh},
			SiLU:      {valueLoop[float64](SiLU), mulSlopeLoop[float64](SiLU), addSlopeLoop[float64](SiLU)},
			ELU:       {valueLoop[float64](ELU), avx512F64MulSlopeELU, avx512F64AddSlopeELU},
			SELU:      {valueLoop[float64](SELU), mulSlopeLoop[float64](SELU), addSlopeLoop[float64](SELU)},
			Mish:      {valueLoop[float64](Mish), mulSlopeLoop[float64](Mish), addSlopeLoop[float64](Mish)},
		},
	}
}

func avx2F32() kernels[float32] {
	return kernels[float32]{
		scale:           avx2F32Scale,
		addScaled:       avx2F32AddScaled,
		addRow:          avx2F32AddRow,
		subRow:          avx2F32SubRow,
		residual:        avx2F32Residual,
		weigh:           avx2F32Weigh,
		momentum:        avx2F32Momentum,
		adam:            avx2F32Adam,
		maxGroups:       avx2F32MaxGroups,
		takeGroups:      avx2F32TakeGroups,
		addScaledGroups: avx2F32AddScaledGroups,
		squares:         avx2F32Squares,
		squaresOfRows:   avx2F32SquaresOfRows,
		squaresWeighed:  avx2F32SquaresWeighed,
		dot:             avx2F32Dot,
		by: [funcs]activation[float32]{
			Tanh:      {avx2F32Tanh, avx2F32MulSlopeTanh, avx2F32AddSlopeTanh},
			ReLU:      {avx2F32ReLU, avx2F32MulSlopeReLU, avx2F32AddSlopeReLU},
			LeakyReLU: {avx2F32LeakyReLU, avx2F32MulSlopeLeakyReLU, avx2F32AddSlopeLeakyReLU},
			Sigmoid:   {avx2F32Sigmoid, avx2F32MulSlopeSigmoid, avx2F32AddSlopeSigmoid},
			GELU:      {avx2F32GELU, avx2F32MulSlopeGELU, avx2F32AddSlopeGELU},
			Softplus:  {avx2F32Softplus, avx2F32MulSlopeSoftplus, avx2F32AddSlopeSoftplus},
			HardTanh:  {avx2F32HardTanh, avx2F32MulSlopeHardTanh, avx2F32AddSlopeHardTanh},
			SiLU:      {avx2F32SiLU, avx2F32MulSlopeSiLU, avx2F32AddSlopeSiLU},
			ELU:       {avx2F32ELU, avx2F32MulSlopeELU, avx2F32AddSlopeELU},
			SELU:      {avx2F32SELU, avx2F32MulSlopeSELU, avx2F32AddSlopeSELU},
			Mish:      {avx2F32Mish, avx2F32MulSlopeMish, avx2F32AddSlopeMish},
		},
	}
}

func avx2F64() kernels[float64] {
	return kernels[float64]{
		scale:           avx2F64Scale,
		addScaled:       avx2F64AddScaled,
		addRow:          avx2F64AddRow,
		subRow:          avx2F64SubRow,
		residual:        avx2F64Residual,
		weigh:           avx2F64Weigh,
		momentum:        avx2F64Momentum,
		adam:            avx2F64Adam,
		maxGroups:       avx2F64MaxGroups,
		takeGroups:      avx2F64TakeGroups,
		addScaledGroups: avx2F64AddScaledGroups,
		squares:         avx2F64Squares,
		squaresOfRows:   avx2F64SquaresOfRows,
		squaresWeighed:  avx2F64SquaresWeighed,
		dot:             avx2F64Dot,
		by: [funcs]activation[float64]{
			Tanh:      {valueLoop[float64](Tanh), avx2F64MulSlopeTanh, avx2F64AddSlopeTanh},
			ReLU:      {avx2F64ReLU, avx2F64MulSlopeReLU, avx2F64AddSlopeReLU},
			LeakyReLU: {avx2F64LeakyReLU, avx2F64MulSlopeLeakyReLU, avx2F64AddSlopeLeakyReLU},
			Sigmoid:   {valueLoop[float64](Sigmoid), avx2F64MulSlopeSigmoid, avx2F64AddSlopeSigmoid},
			GELU:      {valueLoop[float64](GELU), mulSlopeLoop[float64](GELU), addSlopeLoop[float64](GELU)},
			Softplus:  {valueLoop[float64](Softplus), mulSlopeLoop[float64](Softplus), addSlopeLoop[float64](Softplus)},
			HardTanh:  {avx2F64HardTanh, avx2F64MulSlopeHardTanh, avx2F64AddSlopeHardTanh},
			SiLU:      {valueLoop[float64](SiLU), mulSlopeLoop[float64](SiLU), addSlopeLoop[float64](SiLU)},
			ELU:       {valueLoop[float64](ELU), avx2F64MulSlopeELU, avx2F64AddSlopeELU},
			SELU:      {valueLoop[float64](SELU), mulSlopeLoop[float64](SELU), addSlopeLoop[float64](SELU)},
			Mish:      {valueLoop[float64](Mish), mulSlopeLoop[float64](Mish), addSlopeLoop[float64](Mish)},
		},
	}
}
