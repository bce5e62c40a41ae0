package gemm

import "golang.org/x/sys/cpu"

//go:generate go run ./asm

// builtin lists the package's own kernels that the processor and the operating
// system can run, the preferred one first.
func builtin() []backend {
	var list []backend
	if cpu.X86.HasAVX512F && cpu.X86.HasBMI2 {
		list = append(list, backend{
			name: "avx512",
			f32:  &panels[float32]{vector: 16, tiles: []tile[float32]{newTile(8, avx512F32x1, avx512F32x1Some), newTile(8, avx512F32x2, avx512F32x2Some)}, transpose: avxF32Transpose},
			f64:  &panels[float64]{vector: 8, tiles: []tile[float64]{newTile(8, avx512F64x1, avx512F64x1Some), newTile(8, avx512F64x2, avx512F64x2Some)}},
		})
	}
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		list = append(list, backend{
			name: "avx2",
			f32:  &panels[float32]{vector: 8, tiles: []tile[float32]{newTile(8, avx2F32x1, avx2F32x1Some), newTile(6, avx2F32x2, avx2F32x2Some)}, transpose: avxF32Transpose},
			f64:  &panels[float64]{vector: 4, tiles: []tile[float64]{newTile(8, avx2F64x1, avx2F64x1Some), newTile(6, avx2F64x2, avx2F64x2Some)}},
		})
	}
	return append(list, portable())
}

// autoBLAS is empty: the package's own kernels are preferred.
func autoBLAS() []backend { return nil }
