package mathanswer

import (
	"math/big"
	"slices"
)

// maxIndex bounds the index of roots and the denominators of exponents.
const maxIndex = 64

// root returns the n-th root: the principal square root, or the real root of a
// real value. Even roots of negative numbers beyond square roots fail.
func (c *calc) root(q quo, n int64) quo {
	if n < 1 || n > maxIndex || c.failed || q.has(unitAtom) {
		c.fail()
		return q
	}
	if n == 1 || len(q.num) == 0 {
		return q
	}
	if r, ok := c.rootOfTerm(q, n); ok || c.failed {
		return r
	}
	if r, ok := c.denested(q); n == 2 && ok {
		return r
	}
	factor := fromPoly(integer(1))
	if q.isPoly() {
		content := q.num.content()
		factor, _ = c.rootOfTerm(fromRat(content), n)
		q.num = c.scale(q.num, new(big.Rat).Inv(content))
	}
	a := &atom{kind: rootAtom, key: "root" + big.NewInt(n).String() + "(" + q.text() + ")", index: n, under: q}
	if len(a.key) > maxKey {
		c.fail()
	}
	return c.mulQ(factor, fromPoly(single(a, whole(1))))
}

// maxKey bounds what nested roots and functions are known by, in bytes.
const maxKey = 1000

// rootOfTerm takes the root of one term of primes, pi and e: exactly.
func (c *calc) rootOfTerm(q quo, n int64) (quo, bool) {
	t, ok := q.num.only()
	if !ok || !q.isPoly() || slices.ContainsFunc(t.mono, func(f factor) bool { return f.kind > eAtom }) {
		return q, false
	}
	out := poly{"": {coef: big.NewRat(1, 1)}}
	if t.coef.Sign() < 0 {
		switch {
		case n == 2:
			out = single(iUnit, whole(1))
		case n%2 == 1:
			out = integer(-1)
		default:
			c.fail()
			return q, false
		}
	}
	out = c.mul(out, c.rootOfInt(new(big.Int).Abs(t.coef.Num()), n, 1))
	out = c.mul(out, c.rootOfInt(t.coef.Denom(), n, -1))
	for _, f := range t.mono {
		exp := f.exp.over(n)
		if !exp.fits() {
			c.fail()
			return q, false
		}
		out = c.mul(out, c.reduced(term{big.NewRat(1, 1), monomial{{f.atom, exp}}}))
	}
	return fromPoly(out), true
}

func (c *calc) reduced(t term) poly {
	p := poly{}
	c.addReduced(p, t)
	return p
}

// smallPrimes bounds the trial division of large numbers, trialLimit that of
// numbers of one machine word.
const (
	smallPrimes = 1000
	trialLimit  = 1 << 16
)

// rootOfInt returns x to the power sign/n for x > 0, as primes with exponents.
// It fails for numbers that it cannot factor.
func (c *calc) rootOfInt(x *big.Int, n, sign int64) poly {
	if exact := intRoot(x, n); new(big.Int).Exp(exact, big.NewInt(n), nil).Cmp(x) == 0 {
		r := new(big.Rat).SetInt(exact)
		if sign < 0 {
			r.Inv(r)
		}
		return rational(r)
	}
	out := integer(1)
	c.factor(x, func(p, e int64) {
		out = c.mul(out, c.reduced(term{big.NewRat(1, 1), monomial{{prime(p), newRatio(sign*e, n)}}}))
	})
	return out
}

// factor calls yield for the primes of x > 0 and their exponents.
func (c *calc) factor(x *big.Int, yield func(p, e int64)) {
	if !c.spend(x.BitLen()) {
		return
	}
	rest := new(big.Int).Set(x)
	quotient, remainder := new(big.Int), new(big.Int)
	for p := int64(2); p < smallPrimes && !rest.IsInt64(); p++ {
		e := int64(0)
		for {
			quotient.QuoRem(rest, big.NewInt(p), remainder)
			if remainder.Sign() != 0 {
				break
			}
			rest.Set(quotient)
			e++
		}
		if e > 0 {
			yield(p, e)
		}
	}
	if !rest.IsInt64() {
		c.fail()
		return
	}
	m := rest.Int64()
	for p := int64(2); p < trialLimit && p*p <= m; p++ {
		e := int64(0)
		for ; m%p == 0; m /= p {
			e++
		}
		if e > 0 {
			yield(p, e)
		}
	}
	// Below 2^64 the test is exact.
	if m > 1 && m >= trialLimit*trialLimit && !big.NewInt(m).ProbablyPrime(0) {
		c.fail()
	}
	if m > 1 {
		yield(m, 1)
	}
}

// content returns the positive rational that leaves coprime whole
// coefficients when it is divided out.
func (p poly) content() *big.Rat {
	num, den := new(big.Int), big.NewInt(1)
	for _, k := range p.keys() {
		num.GCD(nil, nil, num, new(big.Int).Abs(p[k].coef.Num()))
		d := p[k].coef.Denom()
		g := new(big.Int).GCD(nil, nil, den, d)
		den.Mul(den, new(big.Int).Quo(d, g))
	}
	return new(big.Rat).SetFrac(num, den)
}

// denested writes sqrt(a+r), a rational and r a rational times a square root,
// as sqrt((a+d)/2) ± sqrt((a-d)/2) when d = sqrt(a²-r²) is rational.
func (c *calc) denested(q quo) (quo, bool) {
	a, ok := q.num[""]
	if !ok || len(q.num) != 2 || !q.isPoly() || a.coef.Sign() < 0 {
		return q, false
	}
	r := c.sub(q.num, rational(a.coef))
	t, _ := r.only()
	if slices.ContainsFunc(t.mono, func(f factor) bool { return f.kind != primeAtom }) {
		return q, false
	}
	square, ok := c.mul(r, r).constant()
	if !ok || c.failed {
		return q, false
	}
	d := new(big.Rat).Sub(new(big.Rat).Mul(a.coef, a.coef), square)
	if d.Sign() < 0 {
		return q, false
	}
	num, den := intRoot(d.Num(), 2), intRoot(d.Denom(), 2)
	if new(big.Int).Mul(num, num).Cmp(d.Num()) != 0 || new(big.Int).Mul(den, den).Cmp(d.Denom()) != 0 {
		return q, false
	}
	d.SetFrac(num, den)
	half := big.NewRat(1, 2)
	plus := new(big.Rat).Mul(half, new(big.Rat).Add(a.coef, d))
	minus := new(big.Rat).Mul(half, new(big.Rat).Sub(a.coef, d))
	x, y := c.root(fromRat(plus), 2), c.root(fromRat(minus), 2)
	if t.coef.Sign() < 0 {
		y = c.negQ(y)
	}
	return c.addQ(x, y), true
}

// pow returns a to the b.
func (c *calc) pow(a, b quo) quo {
	if b.has(unitAtom) || a.has(unitAtom) {
		c.fail()
		return a
	}
	exp, ok := b.rat()
	switch {
	case !ok:
		return c.opaque("pow", a, b)
	case !exp.Num().IsInt64() || !exp.Denom().IsInt64() || len(a.num) == 0 && exp.Sign() <= 0:
		c.fail()
		return a
	}
	n, d := exp.Num().Int64(), exp.Denom().Int64()
	if d == 1 {
		return c.powQ(a, n)
	}
	if base, ok := a.rat(); ok && base.Sign() < 0 {
		c.fail() // real or principal root: conventions differ
		return a
	}
	return c.powQ(c.root(a, d), n)
}

// opaque is a function's value, known by its text only.
func (c *calc) opaque(name string, args ...quo) quo {
	key := name
	for _, a := range args {
		key += "(" + a.text() + ")"
	}
	if len(key) > maxKey {
		c.fail()
	}
	return fromPoly(single(&atom{kind: opaqueAtom, key: key}, whole(1)))
}
