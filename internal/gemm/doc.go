// Package gemm multiplies small dense matrices whose right operand stays the
// same for many products.
//
// A network that settles multiplies by the same weights at every step. The
// weights are therefore laid out once, by [Packed.Pack], in the order in which
// a kernel reads them, and [Mul] then streams through them:
//
//	var weights gemm.Packed[float32]
//	weights.Pack(w, k, n, 1, k) // the transpose of w, which is n x k row-major
//	gemm.Mul(mu, n, f, k, 1, batch, &weights, false, addBias)
//
// All matrices are slices with strides; nothing here knows tensors. Neither
// Mul nor a Pack that fits in the memory it already has allocates.
//
// Where an operand is data, such as images of which most pixels are 0, [MulSparse] and
// [Packed.PackSparse] leave its zeros out, to the same bits.
//
// # Kernels
//
// The kernel is chosen when the program starts, from what the processor offers:
// "avx512" (AVX-512 F and BMI2), "avx2" (AVX2 and FMA) or "portable" (Go).
// [Use] chooses another one, and so does the environment variable PCN_GEMM,
// which also takes the path to a BLAS shared library.
//
// # Same bits
//
// The kernels of this package add up the products of an element in the order of
// the depth, one after the other, beginning with zero or with what dst held.
// An element of the result therefore does not depend on which other rows or
// columns are in the product: a batch that is cut in parts gives the same bits.
// Different kernels round differently, and a BLAS promises nothing of the kind.
package gemm

// Float is the set of element types.
type Float interface{ float32 | float64 }
