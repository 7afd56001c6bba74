package mathanswer

import (
	"maps"
	"math/big"
	"slices"
	"strings"
)

// compareNumbers judges expressions with their units. A unit that one side
// lacks is taken to be the other's; where degrees or percents would also make
// sense as numbers, the verdict is Unknown.
func (c *calc) compareNumbers(a, b quo) Verdict {
	ua, ub := a.units(), b.units()
	switch {
	case ua == ub:
		return c.sameUnits(a, b)
	case ua != "" && ub != "":
		return Unknown
	case ua == "":
		a, b, ua = b, a, ub
	}
	if b.has(variableAtom) {
		return Unknown // a letter may be meant as the unit
	}
	bare := c.equal(c.inUnits(a, big.NewRat(1, 1)), b)
	var converted Verdict
	switch ua {
	case "° ":
		converted = c.equal(c.times(c.inUnits(a, big.NewRat(1, 180)), pi), b)
	case "% ":
		converted = c.equal(c.inUnits(a, big.NewRat(1, 100)), b)
		bare = bare.negative()
	default:
		return bare
	}
	if bare == Equal {
		return Equal
	}
	return all(bare, converted).unless(bare != Different || converted != Different)
}

func (c *calc) times(q quo, a *atom) quo { return c.mulQ(q, fromPoly(single(a, whole(1)))) }

// sameUnits compares; letters that differ only in case or in their style
// (\vec{v} and v) stay undecided.
func (c *calc) sameUnits(a, b quo) Verdict {
	v := c.equal(a, b)
	if v != Different || !a.has(variableAtom) && !b.has(variableAtom) {
		return v
	}
	x, y := a.names(), b.names()
	return v.unless(x != y && (strings.EqualFold(x, y) || strings.Contains(x+y, `\`)))
}

func (q quo) names() string {
	seen := map[string]bool{}
	q.num.variables(seen)
	q.den.variables(seen)
	return strings.Join(slices.Sorted(maps.Keys(seen)), " ")
}

// units lists the units that occur.
func (q quo) units() string {
	seen := map[string]bool{}
	for _, p := range []poly{q.num, q.den} {
		for _, t := range p {
			for _, f := range t.mono {
				if f.kind == unitAtom {
					seen[f.atom.key+" "] = true
				}
			}
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), "")
}

// inUnits puts a number in the place of each unit.
func (c *calc) inUnits(q quo, x *big.Rat) quo {
	strip := func(p poly) poly {
		out := poly{}
		for _, k := range p.keys() {
			t := p[k]
			coef := t.coef
			var kept monomial
			for _, f := range t.mono {
				if f.kind != unitAtom {
					kept = append(kept, f)
					continue
				}
				if f.exp != whole(1) {
					c.fail() // squared degrees and the like
				}
				coef = new(big.Rat).Mul(coef, x)
			}
			c.addReduced(out, term{coef, kept})
		}
		return out
	}
	num, den := strip(q.num), strip(q.den)
	if !c.nonZero(den) {
		c.fail()
	}
	return quo{num, den}
}

// inBase is the number that a numeral stands for.
func (v value) inBase() quo {
	digits, negative := strings.CutPrefix(v.text, "-")
	digits, decimals, _ := strings.Cut(digits, ".")
	n := new(big.Int)
	base := big.NewInt(v.base)
	for _, d := range []byte(digits + decimals) {
		n.Add(n.Mul(n, base), big.NewInt(digitValue(d)))
	}
	x := new(big.Rat).SetFrac(n, new(big.Int).Exp(base, big.NewInt(int64(len(decimals))), nil))
	if negative {
		x.Neg(x)
	}
	return fromRat(x)
}

// compareBased judges a plain number against a numeral with a base. The same
// digits may lack the base, and the same value may be right or miss the point.
func (c *calc) compareBased(a, b value) Verdict {
	same := b
	same.base = 10
	if strings.Trim(b.text, "-.0123456789") == "" && c.compareNumbers(a.num, same.inBase()) != Different {
		return Unknown
	}
	return c.compareNumbers(a.num, b.inBase()).negative()
}
