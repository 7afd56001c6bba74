package ref

import "github.com/llamaeval/llamaeval/kernels/quant"

// Dot returns the chain of fused multiply-adds over k, starting from start.
func Dot(start float32, a, b []float32) float32 {
	for k, x := range a {
		start = FMA(x, b[k], start)
	}
	return start
}

// MatMul sets dst[m][n] = Σₖ a[m][k]·w[n][k] for a of m rows and w of n rows,
// both with k columns, all stored row by row without gaps.
func MatMul(dst, a, w []float32, m, n, k int) {
	for i := range m {
		for j := range n {
			dst[i*n+j] = Dot(0, a[i*k:(i+1)*k], w[j*k:(j+1)*k])
		}
	}
}

// MatMulQuant is MatMul with weights in a checkpoint's format.
func MatMulQuant(dst, a []float32, t quant.Type, data []byte, m, n, k int) error {
	w := make([]float32, n*k)
	if err := quant.Dequantize(w, t, data); err != nil {
		return err
	}
	MatMul(dst, a, w, m, n, k)
	return nil
}
