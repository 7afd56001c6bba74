package mathanswer

import "slices"

// compareRegions brings two unions of intervals to their simplest form and
// compares that.
func (c *calc) compareRegions(a, b []piece) Verdict {
	x, okX := c.merged(a)
	y, okY := c.merged(b)
	if !okX || !okY {
		return Unknown
	}
	if len(x) != len(y) {
		return Different
	}
	out := Equal
	for i := range x {
		if x[i].withLo != y[i].withLo || x[i].withHi != y[i].withHi {
			return Different
		}
		out = all(out, c.compareEnds(x[i].lo, y[i].lo), c.compareEnds(x[i].hi, y[i].hi))
	}
	return out
}

func (c *calc) compareEnds(a, b *quo) Verdict {
	if a == nil || b == nil {
		return verdict(a == b)
	}
	return c.equal(*a, *b)
}

// order compares two ends; ok is false when it cannot be proved.
func (c *calc) order(a, b *quo) (int, bool) {
	return c.sign(c.addQ(*a, c.negQ(*b)))
}

// merged sorts pieces and joins those that touch; ok is false when the order
// of two ends is not known or a piece is empty.
func (c *calc) merged(pieces []piece) ([]piece, bool) {
	ok := true
	pieces = slices.Clone(pieces)
	for i := range pieces {
		p := &pieces[i]
		p.withLo, p.withHi = p.withLo && p.lo != nil, p.withHi && p.hi != nil
		if p.lo == nil || p.hi == nil {
			continue
		}
		s, known := c.order(p.lo, p.hi)
		if !known || s > 0 || s == 0 && !(p.withLo && p.withHi) {
			return nil, false
		}
	}
	slices.SortStableFunc(pieces, func(a, b piece) int {
		s, known := c.orderLow(a, b)
		ok = ok && known
		return s
	})
	var out []piece
	for _, p := range pieces {
		if len(out) == 0 {
			out = append(out, p)
			continue
		}
		last := &out[len(out)-1]
		touch, known := c.touch(*last, p)
		ok = ok && known
		if !touch {
			out = append(out, p)
			continue
		}
		further, known := c.reachesFurther(p, *last)
		ok = ok && known
		if further {
			last.hi, last.withHi = p.hi, p.withHi
		}
	}
	return out, ok && !c.failed
}

func (c *calc) orderLow(a, b piece) (int, bool) {
	switch {
	case a.lo == nil && b.lo == nil:
		return 0, true
	case a.lo == nil:
		return -1, true
	case b.lo == nil:
		return 1, true
	}
	s, known := c.order(a.lo, b.lo)
	if s == 0 && a.withLo != b.withLo {
		if a.withLo {
			return -1, known
		}
		return 1, known
	}
	return s, known
}

// touch says whether b, which begins no earlier than a, continues a without a
// gap.
func (c *calc) touch(a, b piece) (bool, bool) {
	if a.hi == nil || b.lo == nil {
		return true, true
	}
	s, known := c.order(b.lo, a.hi)
	return s < 0 || s == 0 && (a.withHi || b.withLo), known
}

func (c *calc) reachesFurther(a, b piece) (bool, bool) {
	switch {
	case b.hi == nil:
		return false, true
	case a.hi == nil:
		return true, true
	}
	s, known := c.order(a.hi, b.hi)
	return s > 0 || s == 0 && a.withHi && !b.withHi, known
}
