package mathanswer

import "strings"

// A Verdict is what Compare can say.
type Verdict int

const (
	Unknown   Verdict = iota // not proved, or beyond a limit
	Equal                    // the same, exactly
	Different                // certainly not the same
)

// Compare judges whether two answers are the same, by exact arithmetic on what
// it can read. It is symmetric. What docs/math.md says about conventions
// applies: a list has no order, a missing unit is the other side's.
func Compare(a, b string) Verdict {
	if len(a) > maxBytes || len(b) > maxBytes {
		return Unknown
	}
	if spelling(a) != "" && spelling(a) == spelling(b) {
		return Equal
	}
	if b < a {
		a, b = b, a // so that the limit on work is symmetric, too
	}
	c := &calc{}
	x, ok := read(c, a)
	if !ok {
		return Unknown
	}
	y, ok := read(c, b)
	if !ok {
		return Unknown
	}
	v := c.compare(x, y)
	if c.failed {
		return Unknown
	}
	return v
}

// unseen are commands that change nothing that could be read.
var unseen = strings.NewReplacer(`\left`, " ", `\right`, " ", `\displaystyle`, " ", `\dfrac`, `\frac`, `\tfrac`, `\frac`, `\!`, "", `\,`, " ", `\;`, " ")

// spelling is an answer with white space and sizes in one form: equal
// spellings are equal answers, understood or not.
func spelling(s string) string {
	return strings.Join(strings.Fields(unseen.Replace(unwrapped(s))), " ")
}

// all is the verdict on things that are equal part by part.
func all(verdicts ...Verdict) Verdict {
	out := Equal
	for _, v := range verdicts {
		switch {
		case v == Different:
			return Different
		case v == Unknown:
			out = Unknown
		}
	}
	return out
}

// unless weakens a verdict to Unknown.
func (v Verdict) unless(doubtful bool) Verdict {
	if doubtful {
		return Unknown
	}
	return v
}

// negative keeps a Different and makes all else Unknown.
func (v Verdict) negative() Verdict { return v.unless(v != Different) }
