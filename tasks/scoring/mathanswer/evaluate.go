package mathanswer

import (
	"maps"
	"math/big"
	"slices"
)

// precisions are the binary digits after the point that are tried in turn.
var precisions = []uint{64, 128, 256, 512}

// A point gives variables values.
type point map[string]*big.Rat

// point returns the i-th sample point of the variables of some sums: positive
// fractions without a pattern.
func samplePoint(i int, sums []poly) point {
	names := map[string]bool{}
	for _, p := range sums {
		p.variables(names)
	}
	at := point{}
	for j, name := range slices.Sorted(maps.Keys(names)) {
		n := int64(7 + 10*j + 31*i)
		at[name] = big.NewRat(n*n%97+3, n%11+2)
	}
	return at
}

// variables collects the names of variables, those under roots included.
func (p poly) variables(into map[string]bool) {
	for _, t := range p {
		for _, f := range t.mono {
			switch f.kind {
			case variableAtom:
				into[f.atom.key] = true
			case rootAtom:
				f.under.num.variables(into)
				f.under.den.variables(into)
			}
		}
	}
}

// maxPoints is how many sample points are tried.
const maxPoints = 4

// apart says that a sum is proved not to be zero at a point where none of the
// denominators is zero. Without variables that is its value; with variables,
// it is not the zero function.
func (c *calc) apart(p poly, dens []poly) bool {
	sums := append([]poly{p}, dens...)
	points := maxPoints
	if len(samplePoint(0, sums)) == 0 {
		points = 1
	}
	for i := range points {
		at := samplePoint(i, sums)
		for _, prec := range precisions {
			if !slices.ContainsFunc(sums, func(s poly) bool { return !c.nonZeroAt(s, at, prec) }) {
				return true
			}
			if c.failed {
				return false
			}
		}
	}
	return false
}

func (c *calc) nonZeroAt(p poly, at point, prec uint) bool {
	re, im, ok := c.evaluate(p, at, prec)
	return ok && (re.excludesZero() || im.excludesZero())
}

// sign returns the sign of a real number, when enclosures can tell.
func (c *calc) sign(q quo) (int, bool) {
	if len(q.num) == 0 {
		return 0, !c.failed
	}
	for _, prec := range precisions {
		re, im, ok := c.evaluate(q.num, nil, prec)
		den, imDen, okDen := c.evaluate(q.den, nil, prec)
		if !ok || !okDen || !im.isZero() || !imDen.isZero() {
			return 0, false
		}
		if re.excludesZero() && den.excludesZero() {
			return re.lo.Sign()*den.lo.Sign() | 1, true
		}
	}
	return 0, false
}

// evaluate encloses the real and the imaginary part of a sum at a point.
func (c *calc) evaluate(p poly, at point, prec uint) (re, im enclosure, ok bool) {
	re, im = zero(), zero()
	for _, k := range p.keys() {
		t := p[k]
		if !c.spend((1 + len(t.mono)) * int(prec/64)) {
			return re, im, false
		}
		v := enclose(t.coef, prec)
		turned := false
		for _, f := range t.mono {
			if f.kind == imaginary {
				turned = true
				continue
			}
			x, ok := c.evaluateFactor(f, at, prec)
			if !ok {
				return re, im, false
			}
			v = v.mul(x, prec)
		}
		if turned {
			im = im.add(v)
		} else {
			re = re.add(v)
		}
	}
	return re, im, true
}

// maxEvaluated bounds exponents of what is evaluated.
const maxEvaluated = 200

func (c *calc) evaluateFactor(f factor, at point, prec uint) (enclosure, bool) {
	if max(f.exp.num, -f.exp.num) > maxEvaluated || f.exp.den > maxIndex {
		return enclosure{}, false
	}
	x, ok := c.evaluateAtom(f.atom, at, prec)
	if !ok || !c.spend(int(f.exp.den+max(f.exp.num, -f.exp.num)/4)*int(prec)/64) {
		return x, false
	}
	if x, ok = x.root(f.exp.den, prec); !ok {
		return x, false
	}
	return x.power(f.exp.num, prec)
}

func (c *calc) evaluateAtom(a *atom, at point, prec uint) (enclosure, bool) {
	switch a.kind {
	case primeAtom:
		return enclose(new(big.Rat).SetInt64(a.prime), prec), true
	case piAtom:
		return enclosePi(prec), c.spend(int(prec) / 16)
	case eAtom:
		return encloseE(prec), c.spend(int(prec) / 16)
	case variableAtom:
		if v, ok := at[a.key]; ok {
			return enclose(v, prec), true
		}
	case rootAtom:
		num, imNum, ok := c.evaluate(a.under.num, at, prec)
		den, imDen, okDen := c.evaluate(a.under.den, at, prec)
		if !ok || !okDen || !imNum.isZero() || !imDen.isZero() || !den.excludesZero() {
			return enclosure{}, false
		}
		return num.mul(den.inverse(prec), prec).root(a.index, prec)
	}
	return enclosure{}, false
}
