package compare

import "math"

// saddlepoint approximates the p-value of a sum of these sizes with random
// signs: the tail formula of R. Lugannani and S. Rice (1980) in the form of
// O. E. Barndorff-Nielsen (1991). The smallest size stands for half the step
// from one possible sum to the next, as in the second continuity correction of
// H. E. Daniels (Tail probability approximations, International Statistical
// Review 55, 1987); it is too large where there is no such step, which errs
// towards a larger p-value.
func (s sizes) saddlepoint(sum float64) float64 {
	step := s[0].size
	at := sum - step
	if at <= 0 {
		return 1
	}
	t := s.tilt(at)
	_, curvature, cumulant := s.tilted(t)
	w := math.Sqrt(2 * (t*at - cumulant))
	u := math.Sinh(step*t) / step * math.Sqrt(curvature)
	if !(w > 1e-6 && u > 0) {
		return 1
	}
	return min(1, math.Erfc((w+math.Log(u/w)/w)/math.Sqrt2))
}

// tilt solves for the point where the derivative of the cumulant generating
// function is at. The derivative is concave, so that Newton's steps from below
// never pass the solution.
func (s sizes) tilt(at float64) float64 {
	t := 0.0
	for range 100 {
		slope, curvature, _ := s.tilted(t)
		if at-slope <= 1e-9*at || curvature == 0 {
			break
		}
		t += (at - slope) / curvature
	}
	return t
}

// tilted are two derivatives of the cumulant generating function, the sum of
// log cosh(t·size), and its value.
func (s sizes) tilted(t float64) (slope, curvature, cumulant float64) {
	for _, r := range s {
		x, n := t*r.size, float64(r.count)
		e := math.Exp(-2 * x)
		slope += n * r.size * (1 - e) / (1 + e)
		curvature += n * r.size * r.size * 4 * e / ((1 + e) * (1 + e))
		cumulant += n * (x + math.Log1p(e) - math.Ln2)
	}
	return slope, curvature, cumulant
}
