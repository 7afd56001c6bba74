package ref

import "math"

// normLanes is how many partial sums RMSNorm keeps: element i belongs to sum
// i modulo normLanes.
const normLanes = 32

// RMSNorm sets dst to x·gain/sqrt(mean(x²)+eps) (Zhang and Sennrich, "Root
// Mean Square Layer Normalization", 2019).
func RMSNorm(dst, x, gain []float32, eps float32) {
	inverse := InverseRMS(x, eps)
	for i := range dst {
		dst[i] = x[i] * inverse * gain[i]
	}
}

// InverseRMS returns 1/sqrt(mean(x²)+eps).
func InverseRMS(x []float32, eps float32) float32 {
	var sums [normLanes]float32
	for i, v := range x {
		sums[i%normLanes] = FMA(v, v, sums[i%normLanes])
	}
	return FoldRMS(&sums, len(x), eps)
}

// FoldRMS finishes InverseRMS from its partial sums, which it overwrites.
func FoldRMS(sums *[normLanes]float32, n int, eps float32) float32 {
	mean := Fold(sums[:]) / float32(n)
	return float32(1 / math.Sqrt(float64(mean+eps)))
}

// Fold adds a power of two of numbers by halves: x[j] += x[j+len/2] until one
// is left. It overwrites x.
func Fold(x []float32) float32 {
	for h := len(x) / 2; h > 0; h /= 2 {
		for j := range h {
			x[j] += x[j+h]
		}
	}
	return x[0]
}

// RotateHalves is Rotate of the pairs (x[i], x[i+len(x)/2]), as most
// checkpoints order them. The pairs end up as neighbours, so that a query's
// product with a key sums in the order in which it does after Rotate.
func RotateHalves(x, cos, sin []float32) {
	half := len(cos) / 2
	turned := make([]float32, 2*half)
	for i := range half {
		turned[2*i], turned[2*i+1] = x[i], x[half+i]
	}
	Rotate(turned, cos, sin)
	copy(x, turned)
}

// Rotate applies rotary position embedding to one head's vector in place: the
// pairs (x[2i], x[2i+1]) turn by the angle whose cosine and sine stand at
// cos[2i] and sin[2i] (and again at 2i+1) (Su et al., "RoFormer", 2021; GGUF
// stores the llama architecture's query and key rows for neighbouring pairs).
func Rotate(x, cos, sin []float32) {
	for i := 0; i+1 < len(cos); i += 2 {
		a, b := x[i], x[i+1]
		x[i] = float32(a*cos[i]) - float32(b*sin[i])
		x[i+1] = float32(b*cos[i+1]) + float32(a*sin[i+1])
	}
}
