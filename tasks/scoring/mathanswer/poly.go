package mathanswer

import (
	"maps"
	"math/big"
	"slices"
	"strings"
)

// Limits beyond which an answer is Unknown.
const (
	maxTerms = 300   // of a sum
	maxBits  = 20000 // of a coefficient's numerator or denominator
	maxWork  = 60000 // term products of one comparison, weighted by size
)

// calc does the arithmetic of one comparison and counts its cost. Once it has
// failed, its results mean nothing and come at no cost.
type calc struct {
	work   int
	failed bool
}

func (c *calc) fail() { c.failed = true }

func (c *calc) spend(n int) bool {
	if c.work += n; c.work > maxWork {
		c.failed = true
	}
	return !c.failed
}

// term is a monomial with a rational coefficient that is not zero.
type term struct {
	coef *big.Rat
	mono monomial
}

// poly is a sum of terms in canonical form, by the key of the monomial:
// integer parts of the exponents of primes stand in the coefficient, i has
// exponent 1, and roots of polynomials have exponents below their index.
//
// Products of different primes to powers in [0,1) are linearly independent
// over the rationals (Besicovitch, 1940), so without rootAtom and opaqueAtom,
// and without pi and e together, two polys are equal only if they are the
// same, and the product of two that are not zero is not zero.
type poly map[string]term

func rational(x *big.Rat) poly {
	p := poly{}
	if x.Sign() != 0 {
		p[""] = term{coef: x}
	}
	return p
}

func integer(n int64) poly { return rational(new(big.Rat).SetInt64(n)) }

func single(a *atom, exp ratio) poly {
	m := monomial{{a, exp}}
	return poly{m.key(): term{big.NewRat(1, 1), m}}
}

// keys lists the monomials in a fixed order.
func (p poly) keys() []string { return slices.Sorted(maps.Keys(p)) }

// text is the canonical form in words, for keys of atoms.
func (p poly) text() string {
	var b strings.Builder
	for _, k := range p.keys() {
		b.WriteString(p[k].coef.RatString())
		b.WriteByte('*')
		b.WriteString(k)
		b.WriteByte(';')
	}
	return b.String()
}

// constant returns the value of a rational number.
func (p poly) constant() (*big.Rat, bool) {
	switch t, ok := p[""]; {
	case len(p) == 0:
		return new(big.Rat), true
	case len(p) == 1 && ok:
		return t.coef, true
	}
	return nil, false
}

// only returns the term of a monomial.
func (p poly) only() (term, bool) {
	if len(p) != 1 {
		return term{}, false
	}
	return p[p.keys()[0]], true
}

func (p poly) has(kinds ...atomKind) bool {
	for _, t := range p {
		for _, k := range kinds {
			if t.mono.has(k) {
				return true
			}
		}
	}
	return false
}

// canonical says that the form decides equality (see poly).
func (p poly) canonical() bool {
	return !p.has(rootAtom, opaqueAtom) && !(p.has(piAtom) && p.has(eAtom))
}

func (c *calc) accumulate(into poly, key string, t term) {
	have, ok := into[key]
	if !ok {
		if t.coef.Sign() != 0 {
			into[key] = t
		}
		if len(into) > maxTerms {
			c.fail()
		}
		return
	}
	bits := have.coef.Num().BitLen() + have.coef.Denom().BitLen() + t.coef.Num().BitLen() + t.coef.Denom().BitLen()
	if !c.spend(bits / 64) {
		return
	}
	sum := new(big.Rat).Add(have.coef, t.coef)
	if sum.Sign() == 0 {
		delete(into, key)
		return
	}
	if sum.Num().BitLen() > maxBits || sum.Denom().BitLen() > maxBits {
		c.fail()
	}
	into[key] = term{sum, have.mono}
}

func (c *calc) add(a, b poly) poly {
	if !c.spend(len(b)) {
		return poly{}
	}
	out := poly{}
	maps.Copy(out, a)
	for _, k := range b.keys() {
		c.accumulate(out, k, b[k])
	}
	return out
}

func (c *calc) sub(a, b poly) poly { return c.add(a, c.scale(b, big.NewRat(-1, 1))) }

func (c *calc) scale(a poly, x *big.Rat) poly { return c.mul(a, rational(x)) }

func (c *calc) mul(a, b poly) poly {
	out := poly{}
	for _, ka := range a.keys() {
		for _, kb := range b.keys() {
			s, t := a[ka], b[kb]
			bits := s.coef.Num().BitLen() + s.coef.Denom().BitLen() + t.coef.Num().BitLen() + t.coef.Denom().BitLen()
			if !c.spend(1 + len(s.mono) + len(t.mono) + bits/64) {
				return poly{}
			}
			coef := new(big.Rat).Mul(s.coef, t.coef)
			if coef.Num().BitLen() > maxBits || coef.Denom().BitLen() > maxBits {
				c.fail()
				return poly{}
			}
			c.addReduced(out, term{coef, s.mono.times(t.mono)})
		}
	}
	return out
}

// addReduced brings a term to canonical form and adds it.
func (c *calc) addReduced(into poly, t term) {
	kept := make(monomial, 0, len(t.mono))
	coef := t.coef
	var rest poly // powers of roots, which are sums
	for _, f := range t.mono {
		if !f.exp.fits() {
			c.fail()
			return
		}
		switch {
		case f.kind == primeAtom:
			n, frac := f.exp.split()
			coef = c.timesPower(coef, f.prime, n)
			f.exp = frac
		case f.kind == imaginary:
			n := ((f.exp.num % 4) + 4) % 4 // only whole exponents occur
			if n >= 2 {
				coef = new(big.Rat).Neg(coef)
			}
			f.exp = whole(n % 2)
		case f.kind == rootAtom && f.under.isPoly() && f.exp.num >= f.index && f.exp.den == 1:
			if rest == nil {
				rest = integer(1)
			}
			rest = c.mul(rest, c.power(f.under.num, f.exp.num/f.index))
			f.exp = whole(f.exp.num % f.index)
		}
		if f.exp.num != 0 {
			kept = append(kept, f)
		}
	}
	if c.failed {
		return
	}
	t = term{coef, kept}
	if rest == nil {
		c.accumulate(into, kept.key(), t)
		return
	}
	product := c.mul(poly{kept.key(): t}, rest)
	for _, k := range product.keys() {
		c.accumulate(into, k, product[k])
	}
}

// timesPower returns x times p to the n.
func (c *calc) timesPower(x *big.Rat, p, n int64) *big.Rat {
	if n == 0 {
		return x
	}
	if max(n, -n) > maxBits || !c.spend(int(max(n, -n))/16) {
		c.fail()
		return x
	}
	power := new(big.Int).Exp(big.NewInt(p), big.NewInt(max(n, -n)), nil)
	if power.BitLen() > maxBits {
		c.fail()
		return x
	}
	r := new(big.Rat).SetInt(power)
	if n < 0 {
		r.Inv(r)
	}
	return r.Mul(r, x)
}

// power returns p to the n >= 0 by squaring.
func (c *calc) power(p poly, n int64) poly {
	out := integer(1)
	for ; n > 0 && !c.failed; n >>= 1 {
		if n&1 == 1 {
			out = c.mul(out, p)
		}
		if n > 1 {
			p = c.mul(p, p)
		}
	}
	return out
}
