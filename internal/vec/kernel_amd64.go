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
		add:             avx512F32Add,
		sub:             avx512F32Sub,
		neg:             avx512F32Neg,
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
		addTakeGroups:   avx512F32AddTakeGroups,
		addScaledGroups: avx512F32AddScaledGroups,
		squares:         avx512F32Squares,
		squaresWeighed:  avx512F32SquaresWeighed,
		dot:             avx512F32Dot,
		apply: [funcs]func(dst, x []float32){
			Identity:  copyLoop[float32],
			Tanh:      avx512F32Tanh,
			ReLU:      avx512F32ReLU,
			LeakyReLU: avx512F32LeakyReLU,
			Sigmoid:   avx512F32Sigmoid,
			GELU:      avx512F32GELU,
			Softplus:  avx512F32Softplus,
			HardTanh:  avx512F32HardTanh,
		},
		mulSlope: [funcs]func(dst []float32, s float32, g, x, y []float32){
			Identity:  avx512F32MulSlopeIdentity,
			Tanh:      avx512F32MulSlopeTanh,
			ReLU:      avx512F32MulSlopeReLU,
			LeakyReLU: avx512F32MulSlopeLeakyReLU,
			Sigmoid:   avx512F32MulSlopeSigmoid,
			GELU:      avx512F32MulSlopeGELU,
			Softplus:  avx512F32MulSlopeSoftplus,
			HardTanh:  avx512F32MulSlopeHardTanh,
		},
		addSlope: [funcs]func(dst, a []float32, s float32, g, x, y []float32){
			Identity:  avx512F32AddSlopeIdentity,
			Tanh:      avx512F32AddSlopeTanh,
			ReLU:      avx512F32AddSlopeReLU,
			LeakyReLU: avx512F32AddSlopeLeakyReLU,
			Sigmoid:   avx512F32AddSlopeSigmoid,
			GELU:      avx512F32AddSlopeGELU,
			Softplus:  avx512F32AddSlopeSoftplus,
			HardTanh:  avx512F32AddSlopeHardTanh,
		},
	}
}

func avx512F64() kernels[float64] {
	return kernels[float64]{
		add:             avx512F64Add,
		sub:             avx512F64Sub,
		neg:             avx512F64Neg,
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
		addTakeGroups:   avx512F64AddTakeGroups,
		addScaledGroups: avx512F64AddScaledGroups,
		squares:         avx512F64Squares,
		squaresWeighed:  avx512F64SquaresWeighed,
		dot:             avx512F64Dot,
		apply: [funcs]func(dst, x []float64){
			Identity:  copyLoop[float64],
			Tanh:      valueLoop[float64](Tanh),
			ReLU:      avx512F64ReLU,
			LeakyReLU: avx512F64LeakyReLU,
			Sigmoid:   valueLoop[float64](Sigmoid),
			GELU:      valueLoop[float64](GELU),
			Softplus:  valueLoop[float64](Softplus),
			HardTanh:  avx512F64HardTanh,
		},
		mulSlope: [funcs]func(dst []float64, s float64, g, x, y []float64){
			Identity:  avx512F64MulSlopeIdentity,
			Tanh:      avx512F64MulSlopeTanh,
			ReLU:      avx512F64MulSlopeReLU,
			LeakyReLU: avx512F64MulSlopeLeakyReLU,
			Sigmoid:   avx512F64MulSlopeSigmoid,
			GELU:      mulSlopeLoop[float64](GELU),
			Softplus:  mulSlopeLoop[float64](Softplus),
			HardTanh:  avx512F64MulSlopeHardTanh,
		},
		addSlope: [funcs]func(dst, a []float64, s float64, g, x, y []float64){
			Identity:  avx512F64AddSlopeIdentity,
			Tanh:      avx512F64AddSlopeTanh,
			ReLU:      avx512F64AddSlopeReLU,
			LeakyReLU: avx512F64AddSlopeLeakyReLU,
			Sigmoid:   avx512F64AddSlopeSigmoid,
			GELU:      addSlopeLoop[float64](GELU),
			Softplus:  addSlopeLoop[float64](Softplus),
			HardTanh:  avx512F64AddSlopeHardTanh,
		},
	}
}

func avx2F32() kernels[float32] {
	return kernels[float32]{
		add:             avx2F32Add,
		sub:             avx2F32Sub,
		neg:             avx2F32Neg,
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
		addTakeGroups:   avx2F32AddTakeGroups,
		addScaledGroups: avx2F32AddScaledGroups,
		squares:         avx2F32Squares,
		squaresWeighed:  avx2F32SquaresWeighed,
		dot:             avx2F32Dot,
		apply: [funcs]func(dst, x []float32){
			Identity:  copyLoop[float32],
			Tanh:      avx2F32Tanh,
			ReLU:      avx2F32ReLU,
			LeakyReLU: avx2F32LeakyReLU,
			Sigmoid:   avx2F32Sigmoid,
			GELU:      avx2F32GELU,
			Softplus:  avx2F32Softplus,
			HardTanh:  avx2F32HardTanh,
		},
		mulSlope: [funcs]func(dst []float32, s float32, g, x, y []float32){
			Identity:  avx2F32MulSlopeIdentity,
			Tanh:      avx2F32MulSlopeTanh,
			ReLU:      avx2F32MulSlopeReLU,
			LeakyReLU: avx2F32MulSlopeLeakyReLU,
			Sigmoid:   avx2F32MulSlopeSigmoid,
			GELU:      avx2F32MulSlopeGELU,
			Softplus:  avx2F32MulSlopeSoftplus,
			HardTanh:  avx2F32MulSlopeHardTanh,
		},
		addSlope: [funcs]func(dst, a []float32, s float32, g, x, y []float32){
			Identity:  avx2F32AddSlopeIdentity,
			Tanh:      avx2F32AddSlopeTanh,
			ReLU:      avx2F32AddSlopeReLU,
			LeakyReLU: avx2F32AddSlopeLeakyReLU,
			Sigmoid:   avx2F32AddSlopeSigmoid,
			GELU:      avx2F32AddSlopeGELU,
			Softplus:  avx2F32AddSlopeSoftplus,
			HardTanh:  avx2F32AddSlopeHardTanh,
		},
	}
}

func avx2F64() kernels[float64] {
	return kernels[float64]{
		add:             avx2F64Add,
		sub:             avx2F64Sub,
		neg:             avx2F64Neg,
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
		addTakeGroups:   avx2F64AddTakeGroups,
		addScaledGroups: avx2F64AddScaledGroups,
		squares:         avx2F64Squares,
		squaresWeighed:  avx2F64SquaresWeighed,
		dot:             avx2F64Dot,
		apply: [funcs]func(dst, x []float64){
			Identity:  copyLoop[float64],
			Tanh:      valueLoop[float64](Tanh),
			ReLU:      avx2F64ReLU,
			LeakyReLU: avx2F64LeakyReLU,
			Sigmoid:   valueLoop[float64](Sigmoid),
			GELU:      valueLoop[float64](GELU),
			Softplus:  valueLoop[float64](Softplus),
			HardTanh:  avx2F64HardTanh,
		},
		mulSlope: [funcs]func(dst []float64, s float64, g, x, y []float64){
			Identity:  avx2F64MulSlopeIdentity,
			Tanh:      avx2F64MulSlopeTanh,
			ReLU:      avx2F64MulSlopeReLU,
			LeakyReLU: avx2F64MulSlopeLeakyReLU,
			Sigmoid:   avx2F64MulSlopeSigmoid,
			GELU:      mulSlopeLoop[float64](GELU),
			Softplus:  mulSlopeLoop[float64](Softplus),
			HardTanh:  avx2F64MulSlopeHardTanh,
		},
		addSlope: [funcs]func(dst, a []float64, s float64, g, x, y []float64){
			Identity:  avx2F64AddSlopeIdentity,
			Tanh:      avx2F64AddSlopeTanh,
			ReLU:      avx2F64AddSlopeReLU,
			LeakyReLU: avx2F64AddSlopeLeakyReLU,
			Sigmoid:   avx2F64AddSlopeSigmoid,
			GELU:      addSlopeLoop[float64](GELU),
			Softplus:  addSlopeLoop[float64](Softplus),
			HardTanh:  avx2F64AddSlopeHardTanh,
		},
	}
}
