package onig

import (
	"fmt"

	"github.com/llamaeval/llamaeval/model/tokenizer/ucd"
)

// A program is a list of instructions; the next one follows unless said
// otherwise.
type op byte

const (
	opSet    op = iota // a character of set
	opRun              // min to max characters of set, the most first
	opLazy             // the same, the fewest first
	opHold             // the most, for good
	opFork             // go on at x, on failure at y
	opJump             // go on at x
	opLook             // body from x up to its opMatch, then go on at y; looks back width characters
	opAtomic           // body from x, kept for good, then go on at y
	opAssert           // what stands at this place
	opMatch
)

type instr struct {
	op       op
	deny     bool
	what     assert
	set      *class
	min, max int
	x, y     int
	width    int // of a look behind; -1 ahead
}

// class is a set that is quick to ask.
type class struct {
	ascii [2]uint64
	set   ucd.Set
}

func newClass(s ucd.Set) *class {
	c := &class{set: s}
	for r := range rune(128) {
		if s.Has(r) {
			c.ascii[r>>6] |= 1 << (r & 63)
		}
	}
	return c
}

func (c *class) has(r rune) bool {
	if uint32(r) < 128 {
		return c.ascii[r>>6]>>(uint(r)&63)&1 != 0
	}
	return c.set.Has(r)
}

// largest bounds a program: x{1000} of something long is no word splitter.
const largest = 20000

type compiler struct {
	code []instr
	err  error
}

func (c *compiler) emit(i instr) int {
	if len(c.code) >= largest && c.err == nil {
		c.err = fmt.Errorf("it needs more than %d instructions", largest)
	}
	if c.err != nil {
		return 0
	}
	c.code = append(c.code, i)
	return len(c.code) - 1
}

func (c *compiler) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf(format, args...)
	}
}

func (c *compiler) node(n node) {
	if c.err != nil {
		return
	}
	switch n := n.(type) {
	case chars:
		c.emit(instr{op: opSet, set: newClass(n.set)})
	case seq:
		for _, part := range n {
			c.node(part)
		}
	case choice:
		c.choice(n)
	case repeat:
		c.repeat(n)
	case look:
		width := -1
		if n.behind {
			low, high := width1(n.body)
			if width = low; low != high {
				c.fail("a look behind over texts of several lengths is not known here")
			}
		}
		c.sub(instr{op: opLook, deny: n.deny, width: width}, n.body)
	case atomic:
		c.sub(instr{op: opAtomic}, n.body)
	case assert:
		c.emit(instr{op: opAssert, what: n})
	}
}

// sub emits a body that runs on its own.
func (c *compiler) sub(i instr, body node) {
	at := c.emit(i)
	c.node(body)
	c.emit(instr{op: opMatch})
	if c.err == nil {
		c.code[at].x, c.code[at].y = at+1, len(c.code)
	}
}

func (c *compiler) choice(n choice) {
	var ends []int
	for i, part := range n {
		if i == len(n)-1 {
			c.node(part)
			break
		}
		fork := c.emit(instr{op: opFork})
		c.node(part)
		ends = append(ends, c.emit(instr{op: opJump}))
		if c.err == nil {
			c.code[fork].x, c.code[fork].y = fork+1, len(c.code)
		}
	}
	for _, end := range ends {
		if c.err == nil {
			c.code[end].x = len(c.code)
		}
	}
}

func (c *compiler) repeat(n repeat) {
	if one, ok := n.body.(chars); ok {
		kinds := map[mode]op{greedy: opRun, lazy: opLazy, possessive: opHold}
		c.emit(instr{op: kinds[n.mode], set: newClass(one.set), min: n.min, max: n.max})
		return
	}
	if low, _ := width1(n.body); low == 0 && n.max != 1 {
		c.fail("a repetition of what can be empty is not known here")
		return
	}
	if n.mode == possessive {
		n.mode = greedy
		c.sub(instr{op: opAtomic}, n)
		return
	}
	for range n.min {
		c.node(n.body)
	}
	if n.max < 0 {
		fork := c.emit(instr{op: opFork})
		c.node(n.body)
		c.emit(instr{op: opJump, x: fork})
		c.target(fork, n.mode)
		return
	}
	var forks []int
	for range n.max - n.min {
		forks = append(forks, c.emit(instr{op: opFork}))
		c.node(n.body)
	}
	for _, fork := range forks {
		c.target(fork, n.mode)
	}
}

// target lets a fork choose between what follows it and this place.
func (c *compiler) target(fork int, m mode) {
	if c.err != nil {
		return
	}
	f := &c.code[fork]
	f.x, f.y = fork+1, len(c.code)
	if m == lazy {
		f.x, f.y = f.y, f.x
	}
}

// width1 returns the fewest and most characters that n matches, -1 for no
// bound.
func width1(n node) (low, high int) {
	switch n := n.(type) {
	case chars:
		return 1, 1
	case seq:
		for _, part := range n {
			a, b := width1(part)
			low, high = low+a, plus(high, b)
		}
	case choice:
		low = -1
		for _, part := range n {
			a, b := width1(part)
			if low < 0 || a < low {
				low = a
			}
			if b < 0 || high < 0 {
				high = -1
			} else {
				high = max(high, b)
			}
		}
	case repeat:
		a, b := width1(n.body)
		low, high = a*n.min, -1
		if n.max >= 0 && b >= 0 {
			high = b * n.max
		}
	case atomic:
		return width1(n.body)
	}
	return min(low, largest), min(high, largest)
}

func plus(a, b int) int {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}
