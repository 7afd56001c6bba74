package compare

import "math"

// Quantiles of the standard normal distribution: 97.5% and 80%.
const (
	z975 = 1.959963984540054
	z80  = 0.8416212335729143
)

// tQuantile returns the p-quantile, p above one half, of Student's t
// distribution with df degrees of freedom; df may be infinite. It inverts
// the distribution function by bisection.
func tQuantile(p, df float64) float64 {
	low, high := 0.0, 1.0
	for studentCDF(high, df) < p {
		high *= 2
	}
	for range 100 {
		mid := (low + high) / 2
		if studentCDF(mid, df) < p {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}

// studentCDF is the distribution function at t >= 0. Above a million degrees
// of freedom it is the normal one to six digits.
func studentCDF(t, df float64) float64 {
	if df > 1e6 {
		return 0.5 * math.Erfc(-t/math.Sqrt2)
	}
	return 1 - 0.5*betaInc(df/2, 0.5, df/(df+t*t))
}

// betaInc is the regularised incomplete beta function I_x(a, b): its continued
// fraction (NIST Digital Library of Mathematical Functions 8.17.22), evaluated
// from the far end. It converges within some multiple of the root of a.
func betaInc(a, b, x float64) float64 {
	if x <= 0 || x >= 1 {
		return min(1, max(0, x))
	}
	if x > (a+1)/(a+b+2) { // where the fraction converges slowly
		return 1 - betaInc(b, a, 1-x)
	}
	fraction := 1.0
	for m := float64(50 + int(2*math.Sqrt(max(a, b)))); m >= 0; m-- {
		even := (m + 1) * (b - m - 1) * x / ((a + 2*m + 1) * (a + 2*m + 2))
		odd := -(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1))
		fraction = 1 + odd/(1+even/fraction)
	}
	logA, _ := math.Lgamma(a)
	logB, _ := math.Lgamma(b)
	logAB, _ := math.Lgamma(a + b)
	return math.Exp(logAB-logA-logB+a*math.Log(x)+b*math.Log1p(-x)) / (a * fraction)
}

// binomialTail is the probability of at most k heads in n throws of a fair
// coin, k at most half of n: terms fall from the last one on.
func binomialTail(k, n int) float64 {
	logN, _ := math.Lgamma(float64(n) + 1)
	logK, _ := math.Lgamma(float64(k) + 1)
	logRest, _ := math.Lgamma(float64(n-k) + 1)
	term := math.Exp(logN - logK - logRest - float64(n)*math.Ln2)
	sum := 0.0
	for i := k; i >= 0 && term > 1e-18*sum; i-- {
		sum += term
		term *= float64(i) / float64(n-i+1)
	}
	return min(1, sum)
}
