package ref

import "math"

// Exp approximates eˣ in float32 with an error of about one unit in the last
// place. Only fused multiply-adds, products and one addition occur, so every
// instruction set can give the same bits. Below -87 the result is 0, above 88
// it is +Inf; both ends are normal numbers, so no subnormal ever occurs.
//
// Argument reduction and polynomial are those of expf in the Cephes library
// (Moshier).
func Exp(x float32) float32 {
	switch {
	case x < ExpLow:
		return 0
	case x > ExpHigh:
		return float32(math.Inf(1))
	case x != x:
		return x
	}
	// Adding 1.5·2²³ leaves the nearest integer in the low bits.
	t := FMA(x, Log2E, RoundMagic)
	n := t - RoundMagic
	r := FMA(n, -Ln2High, x)
	r = FMA(n, -Ln2Low, r)
	p := float32(ExpP0)
	for _, c := range [...]float32{ExpP1, ExpP2, ExpP3, ExpP4, ExpP5} {
		p = FMA(p, r, c)
	}
	p = FMA(p, r*r, r)
	p++
	power := math.Float32frombits((math.Float32bits(t)-math.Float32bits(RoundMagic))<<23 + 127<<23)
	return float32(p * power) // the conversion keeps it from being fused with a sum
}

// The constants of Exp. Ln2High has so few bits that n·Ln2High is exact.
const (
	ExpLow     = -87.0
	ExpHigh    = 88.0
	RoundMagic = 12582912.0 // 1.5·2²³
	Log2E      = 1.44269504088896341
	Ln2High    = 0.693359375
	Ln2Low     = -2.12194440e-4
	ExpP0      = 1.9875691500e-4
	ExpP1      = 1.3981999507e-3
	ExpP2      = 8.3334519073e-3
	ExpP3      = 4.1665795894e-2
	ExpP4      = 1.6666665459e-1
	ExpP5      = 5.0000001201e-1
)

// Exp64 is eˣ in float64 for x below 709, to about two units in the last
// place near 0; the error grows with x. The standard library's depends on the
// processor, this one does not.
func Exp64(x float64) float64 {
	if x < -708 {
		return 0
	}
	n := math.Floor(float64(x*math.Log2E) + 0.5)
	r := float64(x-float64(n*ln2Hi)) - float64(n*ln2Lo)
	// Taylor's series up to r¹³/13!; |r| ≤ ln2/2, so the rest is below 2⁻⁵⁷.
	sum := 1.0
	for k := 13; k > 0; k-- {
		sum = float64(sum*r)/float64(k) + 1
	}
	return math.Ldexp(sum, int(n))
}

// SiLU is x·sigmoid(x), computed as x/(1+e⁻ˣ).
func SiLU(x float32) float32 { return x / (1 + Exp(-x)) }

// SwiGLU sets dst[i] to SiLU(gate[i])·up[i] (Shazeer, "GLU Variants Improve
// Transformer", 2020).
func SwiGLU(dst, gate, up []float32) {
	for i := range dst {
		dst[i] = SiLU(gate[i]) * up[i]
	}
}
