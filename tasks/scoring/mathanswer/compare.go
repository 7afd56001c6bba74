package mathanswer

// compare judges two values.
func (c *calc) compare(a, b value) Verdict {
	if c.failed || !c.spend(1) {
		return Unknown
	}
	if a.kind > b.kind {
		a, b = b, a
	}
	if b.kind == equationValue {
		return c.compareEquation(a, b)
	}
	if a.label != "" && b.label != "" && a.label != b.label {
		return Unknown
	}
	if a.kind == b.kind {
		return c.compareSame(a, b)
	}
	return c.compareKinds(a, b)
}

func (c *calc) compareSame(a, b value) Verdict {
	switch a.kind {
	case numberValue:
		return c.compareNumbers(a.num, b.num)
	case infinityValue:
		return verdict(a.sign == b.sign)
	case tupleValue:
		return c.compareTuples(a, b)
	case setValue, listValue:
		return c.compareLists(a.items, b.items)
	case regionValue:
		return c.compareRegions(a.pieces, b.pieces)
	case matrixValue:
		if a.columns != b.columns || len(a.items) != len(b.items) {
			return Different.unless(len(a.items) == len(b.items))
		}
		return c.eachItem(a.items, b.items)
	case ratioValue:
		return c.compareRatios(a.items, b.items)
	case basedValue:
		if a.base == b.base {
			return verdict(a.text == b.text)
		}
		return c.compareNumbers(a.inBase(), b.inBase()).negative()
	case textValue:
		if a.text == b.text {
			return Equal
		}
		return Different.unless(!isWord(a.text) || !isWord(b.text))
	}
	return c.compareChains(a, b)
}

func verdict(same bool) Verdict {
	if same {
		return Equal
	}
	return Different
}

// isWord says whether a text is letters only; phrases can say the same in
// other words.
func isWord(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}

// compareKinds judges values of different kinds, a's kind before b's.
func (c *calc) compareKinds(a, b value) Verdict {
	if b.kind == textValue || b.kind == chainValue {
		return Unknown
	}
	if b.kind == regionValue || a.kind == tupleValue && b.kind == setValue {
		x, okX := a.region()
		y, okY := b.region()
		interval := a.kind != tupleValue || b.kind == regionValue || a.open == "[" || a.shut == "]"
		if okX && okY && interval {
			return c.compareRegions(x, y)
		}
	}
	switch {
	case b.kind == ratioValue, b.kind == basedValue && a.kind != numberValue:
		return Unknown
	case b.kind == basedValue:
		return c.compareBased(a, b)
	case a.kind == numberValue:
		return c.compareWithNumber(a, b)
	case a.kind == tupleValue && b.kind == matrixValue:
		if b.columns != 1 && b.columns != len(b.items) || a.open != "(" || a.shut != ")" {
			return Unknown
		}
		return c.eachItem(a.items, b.items)
	case a.kind == setValue && b.kind == listValue:
		return c.compareLists(a.items, b.items)
	case a.kind == tupleValue && (b.kind == setValue || b.kind == listValue):
		return c.compareLists(a.items, b.items).negative()
	case b.kind == regionValue && a.kind != infinityValue:
		return Unknown
	}
	return Different
}

// compareWithNumber judges a number against points, lists and the like.
func (c *calc) compareWithNumber(a, b value) Verdict {
	switch {
	case a.num.has(variableAtom) && !(b.kind == infinityValue):
		return Unknown // the variable may stand for anything
	case a.commas:
		return Unknown
	case b.kind == setValue || b.kind == listValue:
		// {5}, or twice the same, could be meant as 5.
		for _, item := range b.items {
			if c.compare(a, item) == Different {
				return Different
			}
		}
		return Unknown
	}
	return Different.unless(b.kind == matrixValue && len(b.items) == 1)
}

// eachItem compares in order.
func (c *calc) eachItem(a, b []value) Verdict {
	if len(a) != len(b) {
		return Different
	}
	verdicts := make([]Verdict, len(a))
	for i := range a {
		verdicts[i] = c.compare(a[i], b[i])
	}
	return all(verdicts...)
}

// compareTuples also judges intervals: (0,1) and [0,1] differ, while (1,2,3)
// and [1,2,3] may be two ways to write a vector.
func (c *calc) compareTuples(a, b value) Verdict {
	v := c.eachItem(a.items, b.items)
	if v != Equal || a.open == b.open && a.shut == b.shut {
		return v
	}
	return Different.unless(len(a.items) != 2)
}

// compareLists compares without order. Lists that differ only in how often
// something occurs are Unknown.
func (c *calc) compareLists(a, b []value) Verdict {
	if labels(a) > 1 || labels(b) > 1 {
		if labels(a) == labels(b) {
			return c.matched(a, b)
		}
		return Unknown
	}
	return c.matched(a, b)
}

// labels counts the different labels of a list: x=1, y=2 has two.
func labels(items []value) int {
	seen := map[string]bool{}
	for _, item := range items {
		if item.label != "" {
			seen[item.label] = true
		}
	}
	return len(seen)
}

func (c *calc) matched(a, b []value) Verdict {
	used := make([]bool, len(b))
	unmatched := 0
	inB := make([]bool, len(b)) // equal to something in a, or perhaps
	for _, x := range a {
		found, maybe := false, false
		for j, y := range b {
			switch c.compare(x, y) {
			case Equal:
				if !found && !used[j] {
					used[j], found = true, true
				}
				maybe, inB[j] = true, true
			case Unknown:
				maybe, inB[j] = true, true
			}
		}
		if !maybe {
			return Different
		}
		if !found {
			unmatched++
		}
	}
	for _, in := range inB {
		if !in {
			return Different
		}
	}
	return Equal.unless(unmatched > 0 || len(a) != len(b))
}

// compareRatios compares a:b and c:d as proportions.
func (c *calc) compareRatios(a, b []value) Verdict {
	if len(a) != len(b) {
		return Different
	}
	out := Equal
	for i := 1; i < len(a); i++ {
		v := c.equal(c.mulQ(a[0].num, b[i].num), c.mulQ(b[0].num, a[i].num))
		out = all(out, v)
	}
	return out.unless(len(a[0].num.num) == 0 || len(b[0].num.num) == 0)
}

// compareEquation judges an equation b against anything.
func (c *calc) compareEquation(a, b value) Verdict {
	if a.kind != equationValue {
		if b.label == "" || a.label != "" && a.label != b.label {
			return Unknown
		}
		return c.compare(a, b.items[1])
	}
	if a.label != "" && a.label == b.label {
		return c.compare(a.items[1], b.items[1])
	}
	for _, v := range append(a.items, b.items...) {
		if v.kind != numberValue {
			return Unknown
		}
	}
	if a.label != "" && b.label != "" && !a.items[1].num.has(variableAtom) && !b.items[1].num.has(variableAtom) {
		return Unknown // x = 4 and b = 4
	}
	return c.sameSolutions(c.difference(a), c.difference(b))
}

func (c *calc) difference(v value) quo { return c.addQ(v.items[0].num, c.negQ(v.items[1].num)) }

// sameSolutions compares p = 0 with q = 0: Equal when one is a rational
// multiple of the other, Different when both are linear and it is not.
func (c *calc) sameSolutions(p, q quo) Verdict {
	if !p.isPoly() || !q.isPoly() || len(p.num) == 0 || len(q.num) == 0 || c.failed {
		return Unknown
	}
	k := p.num.keys()[0]
	other, ok := q.num[k]
	if ok {
		scaled := c.mul(p.num, rational(other.coef))
		if len(c.sub(scaled, c.scale(q.num, p.num[k].coef))) == 0 {
			return Equal.unless(c.failed)
		}
	}
	return Different.unless(!p.num.linear() || !q.num.linear())
}

// linear says whether rational multiples of variables and a rational are added.
func (p poly) linear() bool {
	for _, t := range p {
		if len(t.mono) > 1 || len(t.mono) == 1 && (t.mono[0].kind != variableAtom || t.mono[0].exp != whole(1)) {
			return false
		}
	}
	return true
}

// compareChains judges chains of relations, written in one direction.
func (c *calc) compareChains(a, b value) Verdict {
	if a.text != b.text {
		return Unknown
	}
	v := c.eachItem(a.items, b.items)
	return v.unless(v != Equal)
}
