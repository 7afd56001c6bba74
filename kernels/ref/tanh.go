package ref

import "math"

// Tanh approximates tanh(x) in float32 with an error of about two units in the
// last place, with the polynomial of tanhf in the Cephes library (Moshier)
// around 0.
func Tanh(x float32) float32 {
	size := math.Float32frombits(math.Float32bits(x) &^ (1 << 31))
	if size < 0.625 {
		z := float32(x * x)
		p := float32(-5.70498872745e-3)
		for _, c := range [...]float32{2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1} {
			p = FMA(p, z, c)
		}
		return FMA(float32(p*z), x, x)
	}
	t := 1 - 2/(Exp(2*size)+1)
	if x < 0 {
		return -t
	}
	return t
}

// SoftCap sets each x to limit·tanh(scale·x/limit) (Gemma Team, "Gemma 2",
// 2024).
func SoftCap(x []float32, scale, limit float32) {
	for i, v := range x {
		x[i] = limit * Tanh(float32(v*scale)/limit)
	}
}

// The constants of GELUExponent: -2·sqrt(2/π), and that of x³.
const (
	geluScale = -1.5957691216057308
	geluCube  = 0.044715
)

// GELUExponent returns t so that GELU by tanh (Hendrycks and Gimpel, "Gaussian
// error linear units", 2016) is x/(1+eᵗ).
func GELUExponent(x float32) float32 {
	return geluScale * FMA(float32(geluCube*x), float32(x*x), x)
}

// GeGLU sets dst[i] to GELU(gate[i])·up[i] (Shazeer, "GLU Variants Improve
// Transformer", 2020).
func GeGLU(dst, gate, up []float32) {
	for i := range dst {
		dst[i] = gate[i] / (1 + Exp(GELUExponent(gate[i]))) * up[i]
	}
}
