package onig

import (
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// A Regexp is a compiled expression. It is safe for concurrent use.
type Regexp struct{ code []instr }

// Compile reads an expression. Errors say what in it is not known.
func Compile(expr string) (*Regexp, error) {
	n, err := parse(expr)
	if err != nil {
		return nil, fmt.Errorf("the regular expression %.80q: %w", expr, err)
	}
	c := &compiler{}
	c.node(n)
	c.emit(instr{op: opMatch})
	if c.err != nil {
		return nil, fmt.Errorf("the regular expression %.80q: %w", expr, c.err)
	}
	return &Regexp{c.code}, nil
}

// Find returns the leftmost match at or after from, false if there is none.
// What stands before from is seen by assertions.
func (re *Regexp) Find(text string, from int) (start, end int, ok bool) {
	m := machines.Get().(*machine)
	defer machines.Put(m)
	m.code, m.text = re.code, text
	for at := from; ; {
		if end, ok := m.run(0, at); ok {
			return at, end, true
		}
		if at >= len(text) {
			return 0, 0, false
		}
		at += width(text[at:])
	}
}

// All calls f with each match in text, in order, none overlapping. An empty
// match directly behind another is left out.
func (re *Regexp) All(text string, f func(start, end int)) {
	last := -1
	for at := 0; at <= len(text); {
		start, end, ok := re.Find(text, at)
		if !ok {
			return
		}
		if at = end; start == end {
			if start < len(text) {
				at += width(text[start:])
			} else {
				at++
			}
			if start == last {
				continue
			}
		}
		f(start, end)
		last = end
	}
}

func width(s string) int {
	if s[0] < utf8.RuneSelf {
		return 1
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// retry is a choice to come back to.
type retry struct {
	pc, at int
	// An opRun gives back its characters one by one down to low (at > low
	// means that there are some); an opLazy takes one more each time.
	low  int
	left int // what an opLazy may still take, -1 without bound
	run  bool
	lazy bool
}

// After so many retries in one match, each state (instruction and place) is
// tried once only, as nothing that failed there can succeed later. mostStates
// bounds the memory of that; what exceeds it does not match.
const (
	patience   = 20_000
	mostStates = 1 << 21
)

// machine is the scratch space of a match: a backtracking matcher.
type machine struct {
	code  []instr
	text  string
	stack []retry
}

var machines = sync.Pool{New: func() any { return new(machine) }}

// run matches from an instruction at a place of the text, up to opMatch.
func (m *machine) run(pc, at int) (end int, ok bool) {
	base, retries := len(m.stack), 0
	defer func() { m.stack = m.stack[:base] }()
	var seen map[[2]int]struct{}
	for {
		if end, ok = m.forward(pc, at); ok {
			return end, true
		}
		for {
			if len(m.stack) == base {
				return 0, false
			}
			pc, at = m.back()
			if pc < 0 {
				continue
			}
			if retries++; retries < patience {
				break
			}
			if seen == nil {
				seen = make(map[[2]int]struct{})
			}
			state := [2]int{pc, at}
			if _, twice := seen[state]; twice {
				continue
			}
			if seen[state] = struct{}{}; len(seen) > mostStates {
				return 0, false
			}
			break
		}
	}
}

// back takes the last choice, -1 where it was none after all.
func (m *machine) back() (pc, at int) {
	r := &m.stack[len(m.stack)-1]
	pc, at = r.pc, r.at
	switch {
	case r.run:
		_, n := utf8.DecodeLastRuneInString(m.text[r.low:r.at])
		if r.at -= n; r.at == r.low {
			defer m.drop()
		}
		return pc, r.at
	case r.lazy:
		i := &m.code[pc-1]
		c, n := utf8.DecodeRuneInString(m.text[at:])
		if r.left == 0 || at == len(m.text) || !i.set.has(c) {
			m.drop()
			return -1, 0
		}
		r.at, r.left = at+n, r.left-1
		return pc, r.at
	}
	m.drop()
	return pc, at
}

func (m *machine) drop() { m.stack = m.stack[:len(m.stack)-1] }

// forward follows the first choices until one fails.
func (m *machine) forward(pc, at int) (int, bool) {
	text := m.text
	for {
		i, ok := &m.code[pc], true
		pc++
		switch i.op {
		case opMatch:
			return at, true
		case opSet:
			n := i.set.take(text, at)
			at, ok = at+n, n > 0
		case opRun, opHold:
			least, end, enough := i.runs(text, at)
			if enough && i.op == opRun && end > least {
				m.stack = append(m.stack, retry{pc: pc, at: end, low: least, run: true})
			}
			at, ok = end, enough
		case opLazy:
			at, ok = m.lazily(i, pc, at)
		case opFork:
			m.stack = append(m.stack, retry{pc: i.y, at: at})
			pc = i.x
		case opJump:
			pc = i.x
		case opAtomic:
			at, ok = m.run(i.x, at)
			pc = i.y
		case opLook:
			pc, ok = i.y, m.looks(i, at) != i.deny
		case opAssert:
			ok = holds(i.what, text, at)
		}
		if !ok {
			return 0, false
		}
	}
}

// lazily takes the fewest characters of an opLazy and leaves the others to be
// tried, one by one, before pc.
func (m *machine) lazily(i *instr, pc, at int) (int, bool) {
	for range i.min {
		n := i.set.take(m.text, at)
		if n == 0 {
			return 0, false
		}
		at += n
	}
	left := -1
	if i.max >= 0 {
		left = i.max - i.min
	}
	m.stack = append(m.stack, retry{pc: pc, at: at, left: left, lazy: true})
	return at, true
}

// take returns the width of the character at a place if it is in c, else 0.
func (c *class) take(text string, at int) int {
	if at >= len(text) {
		return 0
	}
	if b := text[at]; b < utf8.RuneSelf {
		return int(c.ascii[b>>6] >> (b & 63) & 1)
	}
	r, n := utf8.DecodeRuneInString(text[at:])
	if !c.set.Has(r) {
		return 0
	}
	return n
}

// runs returns where the fewest and the most characters of an opRun end.
func (i *instr) runs(text string, at int) (least, end int, ok bool) {
	least, end = at, at
	for k := 0; i.max < 0 || k < i.max; k++ {
		n := i.set.take(text, end)
		if n == 0 {
			return least, end, k >= i.min
		}
		if end += n; k < i.min {
			least = end
		}
	}
	return least, end, true
}

func (m *machine) looks(i *instr, at int) bool {
	from := at
	for range max(i.width, 0) {
		if from == 0 {
			return false
		}
		_, n := utf8.DecodeLastRuneInString(m.text[:from])
		from -= n
	}
	end, ok := m.run(i.x, from)
	return ok && (i.width < 0 || end == at)
}

func holds(what assert, text string, at int) bool {
	switch what {
	case '^':
		return at == 0 || text[at-1] == '\n'
	case '$':
		return at == len(text) || text[at] == '\n'
	case 'A':
		return at == 0
	case 'z':
		return at == len(text)
	case 'Z':
		return at == len(text) || at == len(text)-1 && text[at] == '\n'
	}
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, _ := utf8.DecodeRuneInString(text[at:])
	edge := (at > 0 && ucd.Word().Has(before)) != (at < len(text) && ucd.Word().Has(after))
	return edge == (what == 'b')
}
