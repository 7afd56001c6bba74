package mathanswer

import "math/big"

// quo is a quotient of two sums; den is known not to be zero.
type quo struct{ num, den poly }

func fromPoly(p poly) quo { return quo{p, integer(1)} }

func fromRat(x *big.Rat) quo { return fromPoly(rational(x)) }

func (q quo) isPoly() bool {
	one, ok := q.den.constant()
	return ok && one.Cmp(big.NewRat(1, 1)) == 0
}

// rat returns the value of a rational number.
func (q quo) rat() (*big.Rat, bool) {
	n, okN := q.num.constant()
	d, okD := q.den.constant()
	if !okN || !okD || d.Sign() == 0 {
		return nil, false
	}
	return new(big.Rat).Quo(n, d), true
}

// int64 returns the value of a whole number of at most limit in size.
func (q quo) int64(limit int64) (int64, bool) {
	x, ok := q.rat()
	if !ok || !x.IsInt() || !x.Num().IsInt64() {
		return 0, false
	}
	n := x.Num().Int64()
	return n, n <= limit && n >= -limit
}

func (q quo) has(kinds ...atomKind) bool { return q.num.has(kinds...) || q.den.has(kinds...) }

func (q quo) text() string { return q.num.text() + "/" + q.den.text() }

func (c *calc) addQ(a, b quo) quo {
	if a.isPoly() && b.isPoly() {
		return quo{c.add(a.num, b.num), a.den}
	}
	return quo{c.add(c.mul(a.num, b.den), c.mul(b.num, a.den)), c.mul(a.den, b.den)}
}

func (c *calc) negQ(a quo) quo { return quo{c.scale(a.num, big.NewRat(-1, 1)), a.den} }

func (c *calc) mulQ(a, b quo) quo { return c.simple(quo{c.mul(a.num, b.num), c.mul(a.den, b.den)}) }

// divQ fails when b may be zero.
func (c *calc) divQ(a, b quo) quo {
	if !c.nonZero(b.num) {
		c.fail()
		return a
	}
	return c.simple(quo{c.mul(a.num, b.den), c.mul(a.den, b.num)})
}

// simple moves a denominator of one term into the numerator. Roots without
// canonical form stay: their negative powers would not be reduced.
func (c *calc) simple(q quo) quo {
	t, ok := q.den.only()
	if !ok || t.mono.has(rootAtom) || t.mono.has(opaqueAtom) || c.failed {
		return q
	}
	inverse := term{new(big.Rat).Inv(t.coef), make(monomial, len(t.mono))}
	for i, f := range t.mono {
		inverse.mono[i] = factor{f.atom, ratio{-f.exp.num, f.exp.den}}
	}
	reduced := poly{}
	c.addReduced(reduced, inverse)
	return quo{c.mul(q.num, reduced), integer(1)}
}

// powQ raises to a whole power.
func (c *calc) powQ(a quo, n int64) quo {
	if n < 0 {
		a, n = c.divQ(fromPoly(integer(1)), a), -n
	}
	if n > 60 && (len(a.num) > 1 || len(a.den) > 1) || n > maxBits {
		c.fail()
		return a
	}
	return quo{c.power(a.num, n), c.power(a.den, n)}
}

// nonZero says that a sum is proved not to be zero: by its form, or by an
// interval that leaves zero out. A sum with variables counts as not zero when
// its form shows that it is not the zero function.
func (c *calc) nonZero(p poly) bool {
	if c.failed || len(p) == 0 {
		return false
	}
	return p.canonical() || c.apart(p, nil)
}

// equal compares two values: Equal when the forms agree, Different when the
// forms decide or an enclosure of the difference leaves zero out.
func (c *calc) equal(a, b quo) Verdict {
	diff := c.sub(c.mul(a.num, b.den), c.mul(b.num, a.den))
	switch {
	case c.failed:
		return Unknown
	case len(diff) == 0:
		return Equal
	case diff.canonical() && a.den.canonical() && b.den.canonical():
		return Different
	case c.apart(diff, []poly{a.den, b.den}):
		return Different
	}
	return Unknown
}
