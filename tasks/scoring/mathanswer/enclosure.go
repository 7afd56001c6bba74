package mathanswer

import "math/big"

// enclosure is an interval with ends lo/2^p and hi/2^p that certainly holds
// a real number; p is kept by whoever computes. Rounding is outward.
type enclosure struct{ lo, hi *big.Int }

func (x enclosure) excludesZero() bool { return x.lo.Sign() > 0 || x.hi.Sign() < 0 }

func (x enclosure) isZero() bool { return x.lo.Sign() == 0 && x.hi.Sign() == 0 }

func zero() enclosure { return enclosure{new(big.Int), new(big.Int)} }

func (x enclosure) neg() enclosure {
	return enclosure{new(big.Int).Neg(x.hi), new(big.Int).Neg(x.lo)}
}

func (x enclosure) add(y enclosure) enclosure {
	return enclosure{new(big.Int).Add(x.lo, y.lo), new(big.Int).Add(x.hi, y.hi)}
}

// enclose returns an enclosure of a rational.
func enclose(r *big.Rat, p uint) enclosure {
	scaled := new(big.Int).Lsh(r.Num(), p)
	return enclosure{floorDiv(scaled, r.Denom()), ceilDiv(scaled, r.Denom())}
}

// floorDiv is for y > 0.
func floorDiv(x, y *big.Int) *big.Int { return new(big.Int).Div(x, y) }

func ceilDiv(x, y *big.Int) *big.Int {
	q := new(big.Int).Div(new(big.Int).Neg(x), y)
	return q.Neg(q)
}

func (x enclosure) mul(y enclosure, p uint) enclosure {
	var lo, hi *big.Int
	for _, a := range []*big.Int{x.lo, x.hi} {
		for _, b := range []*big.Int{y.lo, y.hi} {
			v := new(big.Int).Mul(a, b)
			if lo == nil || v.Cmp(lo) < 0 {
				lo = v
			}
			if hi == nil || v.Cmp(hi) > 0 {
				hi = v
			}
		}
	}
	one := new(big.Int).Lsh(big.NewInt(1), p)
	return enclosure{floorDiv(lo, one), ceilDiv(hi, one)}
}

// inverse needs an interval without zero.
func (x enclosure) inverse(p uint) enclosure {
	if x.hi.Sign() < 0 {
		return x.neg().inverse(p).neg()
	}
	one := new(big.Int).Lsh(big.NewInt(1), 2*p)
	return enclosure{floorDiv(one, x.hi), ceilDiv(one, x.lo)}
}

// power returns x to the n, whichever its sign; ok is false when that divides
// by an interval with zero.
func (x enclosure) power(n int64, p uint) (enclosure, bool) {
	if n < 0 {
		if !x.excludesZero() {
			return x, false
		}
		x, n = x.inverse(p), -n
	}
	out := enclose(big.NewRat(1, 1), p)
	for ; n > 0; n-- {
		out = out.mul(x, p)
	}
	return out, true
}

// root returns the real n-th root; ok is false for even roots of what may be
// negative, and for odd roots of intervals around zero.
func (x enclosure) root(n int64, p uint) (enclosure, bool) {
	if n == 1 {
		return x, true
	}
	if x.hi.Sign() < 0 && n%2 == 1 {
		y, ok := x.neg().root(n, p)
		return y.neg(), ok
	}
	if x.lo.Sign() < 0 {
		return x, false
	}
	shift := uint(n-1) * p
	lo := intRoot(new(big.Int).Lsh(x.lo, shift), n)
	hi := intRoot(new(big.Int).Lsh(x.hi, shift), n)
	return enclosure{lo, hi.Add(hi, big.NewInt(1))}, true
}

// intRoot returns the n-th root of x >= 0, rounded down, by Newton's method
// from above.
func intRoot(x *big.Int, n int64) *big.Int {
	if n == 2 {
		return new(big.Int).Sqrt(x)
	}
	if x.Sign() == 0 {
		return new(big.Int)
	}
	y := new(big.Int).Lsh(big.NewInt(1), uint(x.BitLen())/uint(n)+1)
	for {
		// z = ((n-1)y + x / y^(n-1)) / n
		z := new(big.Int).Exp(y, big.NewInt(n-1), nil)
		z.Quo(x, z)
		z.Add(z, new(big.Int).Mul(y, big.NewInt(n-1)))
		z.Quo(z, big.NewInt(n))
		if z.Cmp(y) >= 0 {
			return y
		}
		y = z
	}
}

// guard is the number of extra bits that series are summed with; the sums'
// errors stay far below 2^guard units.
const guard = 32

func settle(v *big.Int) enclosure {
	err := new(big.Int).Lsh(big.NewInt(1), guard-1)
	lo := new(big.Int).Rsh(new(big.Int).Sub(v, err), guard)
	hi := new(big.Int).Rsh(new(big.Int).Add(v, err), guard)
	return enclosure{lo, hi.Add(hi, big.NewInt(1))}
}

// enclosePi sums Machin's formula, 16 arctan(1/5) - 4 arctan(1/239).
func enclosePi(p uint) enclosure {
	v := new(big.Int).Mul(big.NewInt(16), arctanInverse(5, p+guard))
	return settle(v.Sub(v, new(big.Int).Mul(big.NewInt(4), arctanInverse(239, p+guard))))
}

// arctanInverse returns arctan(1/n), wrong by at most one unit per term.
func arctanInverse(n int64, p uint) *big.Int {
	power := new(big.Int).Quo(new(big.Int).Lsh(big.NewInt(1), p), big.NewInt(n))
	sum := new(big.Int)
	for k := int64(1); power.Sign() != 0; k += 2 {
		t := new(big.Int).Quo(power, big.NewInt(k))
		if k%4 == 3 {
			t.Neg(t)
		}
		sum.Add(sum, t)
		power.Quo(power, big.NewInt(n*n))
	}
	return sum
}

// encloseE sums 1/k!.
func encloseE(p uint) enclosure {
	t := new(big.Int).Lsh(big.NewInt(1), p+guard)
	sum := new(big.Int)
	for k := int64(1); t.Sign() != 0; k++ {
		sum.Add(sum, t)
		t.Quo(t, big.NewInt(k))
	}
	return settle(sum)
}
