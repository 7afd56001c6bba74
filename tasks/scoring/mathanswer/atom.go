package mathanswer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// atomKind says what is known of an atom. The order is part of the canonical
// form of monomials.
type atomKind byte

const (
	primeAtom    atomKind = iota // a prime p, with exponent in (0,1)
	piAtom                       // positive and transcendental
	eAtom                        // the same
	imaginary                    // i, with exponent 1
	rootAtom                     // principal n-th root of a value without canonical form
	opaqueAtom                   // a function or power that is compared by its text only
	variableAtom                 // a letter, perhaps with a subscript
	unitAtom                     // degrees, percent, a unit of measure
)

// An atom is what sums of products are made of. Equal keys mean equal atoms.
type atom struct {
	kind  atomKind
	key   string
	prime int64 // of primeAtom
	index int64 // of rootAtom: n
	under quo   // of rootAtom: what the root is taken of
}

var (
	pi      = &atom{kind: piAtom, key: `\pi`}
	euler   = &atom{kind: eAtom, key: "e"}
	iUnit   = &atom{kind: imaginary, key: "i"}
	degree  = &atom{kind: unitAtom, key: "°"}
	perCent = &atom{kind: unitAtom, key: "%"}
)

func prime(p int64) *atom {
	return &atom{kind: primeAtom, key: strconv.FormatInt(p, 10), prime: p}
}

func variable(name string) *atom { return &atom{kind: variableAtom, key: name} }

func unit(name string) *atom { return &atom{kind: unitAtom, key: name} }

// ratio is a small exact exponent in lowest terms, den > 0.
type ratio struct{ num, den int64 }

func whole(n int64) ratio { return ratio{n, 1} }

// maxExponent bounds numerators and denominators of exponents, so that sums
// and products of two of them cannot overflow.
const maxExponent = 1 << 20

func newRatio(num, den int64) ratio {
	if g := gcd(num, den); g > 1 {
		num, den = num/g, den/g
	}
	return ratio{num, den}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, -a)
}

func (r ratio) add(s ratio) ratio  { return newRatio(r.num*s.den+s.num*r.den, r.den*s.den) }
func (r ratio) over(n int64) ratio { return newRatio(r.num, r.den*n) }

func (r ratio) fits() bool {
	return max(r.num, -r.num) <= maxExponent && r.den <= maxExponent
}

// split returns the integer part, rounded down, and the rest in [0,1).
func (r ratio) split() (int64, ratio) {
	q := r.num / r.den
	if r.num%r.den < 0 {
		q--
	}
	return q, ratio{r.num - q*r.den, r.den}
}

// factor is an atom to a power that is not zero.
type factor struct {
	*atom
	exp ratio
}

// monomial is sorted by kind and key; every atom occurs once.
type monomial []factor

func (m monomial) key() string {
	var b strings.Builder
	for _, f := range m {
		b.WriteString(f.atom.key)
		if f.exp != whole(1) {
			b.WriteByte('^')
			b.WriteString(strconv.FormatInt(f.exp.num, 10))
			if f.exp.den != 1 {
				b.WriteByte('/')
				b.WriteString(strconv.FormatInt(f.exp.den, 10))
			}
		}
		b.WriteByte(' ')
	}
	return b.String()
}

// times adds exponents; it does not reduce them.
func (m monomial) times(n monomial) monomial {
	out := slices.Concat(m, n)
	slices.SortStableFunc(out, func(a, b factor) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.atom.key, b.atom.key))
	})
	kept := out[:0]
	for _, f := range out {
		if n := len(kept); n > 0 && kept[n-1].kind == f.kind && kept[n-1].atom.key == f.atom.key {
			kept[n-1].exp = kept[n-1].exp.add(f.exp)
			if kept[n-1].exp.num == 0 {
				kept = kept[:n-1]
			}
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

func (m monomial) has(kind atomKind) bool {
	return slices.ContainsFunc(m, func(f factor) bool { return f.kind == kind })
}
