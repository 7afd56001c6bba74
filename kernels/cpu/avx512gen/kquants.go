package main

import (
	"fmt"
	"slices"
)

// A superformat is a type with superblocks of 256 weights in 16 steps of 16,
// each with a scale of its own: w = scale·value - minimum. A value is a byte or
// less: the low part and, above it, the high one.
//
// A kernel first brings a superblock of each panel into slots on the stack,
// scales as floats and for each step four vectors of bytes, which takes few
// instructions, as four weights are in a word. Then one loop over the steps
// widens and multiplies: its code is small, and panels take turns, so that
// their chains run side by side.
type superformat struct {
	name      string
	bytes     int
	low, high func(step int) bits // high is nil for types without
	// lowMask keeps the low part of each byte, highMask the high one, once it
	// is shifted left by lift. A table needs no low part alone masked.
	lowMask, highMask string
	lift              int
	// table is a global of 16 floats, looked up by the lowest 4 bits, upper of
	// another 16 for values with a fifth; "": the value is a signed byte, from
	// which less is taken before.
	table, upper string
	less         string
	minima       bool
	more         string // a global: by what values without minima are above what they mean
	// scales gives put each scale and minimum, and leaves their factors in r.d
	// and r.m. The row pointers are set; r and the temporaries are free.
	scales func(f *file, r registers, put putScale)
}

// putScale takes a vector of integers, the scale or minimum of some steps.
type putScale func(x int, what scaleOrMinimum, steps ...int)

type scaleOrMinimum int

const (
	scale scaleOrMinimum = iota
	minimum
)

// bits are where a step's 16 quanta lie: 16 bytes at an offset, shifted right.
type bits struct{ offset, shift int }

const (
	superWeights = 256
	superSteps   = 16
)

var superformats = []superformat{
	{
		name: "Q2_K", bytes: 84, table: "pairs", lowMask: "threes", minima: true,
		low: func(s int) bits { return bits{16 + s/8*32 + s%2*16, s / 2 % 4 * 2} },
		scales: func(f *file, r registers, put putScale) {
			dwords(f, 80, r.d)
			halves(f, r)
			words(f, r, 0)
			for s := range superSteps {
				field(f, tempA, r.word(s/4), s%4*8, "mask15")
				field(f, tempB, r.word(s/4), s%4*8+4, "mask15")
				put(tempA, scale, s)
				put(tempB, minimum, s)
			}
		},
	},
	{
		name: "Q3_K", bytes: 110, table: "fourLess", more: "timesFour", lowMask: "threes", highMask: "fours", lift: 2,
		low:  func(s int) bits { return bits{32 + s/8*32 + s%2*16, s / 2 % 4 * 2} },
		high: func(s int) bits { return bits{s % 2 * 16, s / 2} },
		scales: func(f *file, r registers, put putScale) {
			const from = 94 // 16 bytes that end with the block: 2, scales, d
			words(f, r, from)
			f.p("\tVPSRLD $16, Z%d, Z%d", r.word(3), r.d)
			half(f, r.d, r.d)
			at := func(i int) (word, shift int) { return r.word((i + 2) / 4), (i + 2) % 4 * 8 }
			for s := range superSteps {
				word, shift := at(s % 8)
				field(f, tempA, word, shift+s/8*4, "mask15")
				word, shift = at(8 + s%4)
				field(f, tempB, word, shift+s/4*2, "mask3")
				f.p("\tVPSLLD $4, Z%d, Z%d\n\tVPORD Z%d, Z%d, Z%d", tempB, tempB, tempB, tempA, tempA)
				f.p("\tVPSUBD.BCST ·thirtyTwo(SB), Z%d, Z%d", tempA, tempA)
				put(tempA, scale, s)
			}
		},
	},
	{
		name: "Q4_K", bytes: 144, table: "nibbles", lowMask: "fifteens", minima: true,
		low:    func(s int) bits { return bits{16 + s/4*32 + s%2*16, s / 2 % 2 * 4} },
		scales: scaleMins,
	},
	{
		name: "Q5_K", bytes: 176, table: "nibbles", upper: "upperNibbles", lowMask: "fifteens", highMask: "sixteens", lift: 4, minima: true,
		low:    func(s int) bits { return bits{48 + s/4*32 + s%2*16, s / 2 % 2 * 4} },
		high:   func(s int) bits { return bits{16 + s%2*16, s / 2} },
		scales: scaleMins,
	},
	{
		name: "Q6_K", bytes: 210, lowMask: "fifteens", highMask: "fortyEights", lift: 4, less: "thirtyTwos", more: "timesThirtyTwo",
		low:  func(s int) bits { return bits{s/8*64 + s/2%2*32 + s%2*16, s / 4 % 2 * 4} },
		high: func(s int) bits { return bits{128 + s/8*32 + s%2*16, s / 2 % 4 * 2} },
		scales: func(f *file, r registers, put putScale) {
			dwords(f, 206, r.d) // the last 4 bytes of the block
			f.p("\tVPSRLD $16, Z%d, Z%d", r.d, r.d)
			half(f, r.d, r.d)
			words(f, r, 192)
			for s := range superSteps {
				f.p("\tVPSLLD $%d, Z%d, Z%d\n\tVPSRAD $24, Z%d, Z%d", 24-s%4*8, r.word(s/4), tempA, tempA, tempA)
				put(tempA, scale, s)
			}
		},
	},
}

// scaleMins unpacks the eight scales and minima of Q4_K and Q5_K, each of
// which holds for two steps.
func scaleMins(f *file, r registers, put putScale) {
	words(f, r, 0)
	f.p("\tVMOVDQA64 Z%d, Z%d", r.word(0), r.d)
	halves(f, r)
	for j := range 8 {
		shift, scales, minima, rest := j%4*8, r.word(1), r.word(2), r.word(3)
		if j < 4 {
			field(f, tempA, scales, shift, "mask63")
			field(f, tempB, minima, shift, "mask63")
		} else {
			spare := r.word(0)
			field(f, tempA, rest, shift, "mask15")
			field(f, spare, scales, shift+2, "mask48")
			f.p("\tVPORD Z%d, Z%d, Z%d", spare, tempA, tempA)
			field(f, tempB, rest, shift+4, "mask15")
			field(f, spare, minima, shift+2, "mask48")
			f.p("\tVPORD Z%d, Z%d, Z%d", spare, tempB, tempB)
		}
		put(tempA, scale, 2*j, 2*j+1)
		put(tempB, minimum, 2*j, 2*j+1)
	}
}

// halves makes d and m of the two binary16 in d.
func halves(f *file, r registers) {
	f.p("\tVPSRLD $16, Z%d, Z%d", r.d, r.m)
	half(f, r.d, r.d)
	half(f, r.m, r.m)
}

// field sets dst to the masked bits of word from shift on.
func field(f *file, dst, word, shift int, mask string) {
	if shift > 0 {
		f.p("\tVPSRLD $%d, Z%d, Z%d", shift, word, dst)
		word = dst
	}
	f.p("\tVPANDD.BCST ·%s(SB), Z%d, Z%d", mask, word, dst)
}

// Registers of a superblock's kernels: accumulators come first.
var superWords = registers{words: 16, d: 24, m: 25}

const (
	superHigh  = 20 // words of the high part
	superUpper = 27 // the second table
)

func superScale(p int) (d, m int) { return 16 + p, 20 + p }

// vectors is how many slots a step of a panel has: words, scale, minimum.
func (t superformat) vectors() int {
	if t.minima {
		return 6
	}
	return 5
}

// slot is vector i of a step of panel p, from the register that points to the
// step's slots.
func (t superformat) slot(step, panels, p, i int) string {
	return fmt.Sprintf("%d(R15)", 64*((step*panels+p)*t.vectors()+i))
}

// function begins a function with slots for some panels. Each is in one cache
// line.
func (t superformat) function(f *file, name, params string, panels, size int) {
	f.framed(name, params, 64*(superSteps*panels*t.vectors()+1), size)
}

func aligned(f *file) { f.p("\tLEAQ 63(SP), R15\n\tANDQ $-64, R15") }

// bring fills the slots of panel p from the block at the row pointers.
func (t superformat) bring(f *file, panels, p int) {
	t.scales(f, superWords, func(x int, what scaleOrMinimum, steps ...int) {
		factor := []int{superWords.d, superWords.m}[what]
		f.p("\tVCVTDQ2PS Z%d, Z%d\n\tVMULPS Z%d, Z%d, Z%d", x, x, factor, x, x)
		for _, s := range steps {
			f.p("\tVMOVUPS Z%d, %s", x, t.slot(s, panels, p, 4+int(what)))
		}
	})
	t.eachStep(f, func(s int) {
		t.eachWord(f, s, func(j, word int) { f.p("\tVMOVUPS Z%d, %s", word, t.slot(s, panels, p, j)) })
	})
}

// eachStep calls do for each step when the words of its parts are loaded.
func (t superformat) eachStep(f *file, do func(step int)) {
	for _, high := range t.offsets(t.high, func(int) bool { return true }) {
		there := func(s int) bool { return t.high == nil || t.high(s).offset == high }
		if t.high != nil {
			words(f, registers{words: superHigh}, high)
		}
		for _, low := range t.offsets(t.low, there) {
			words(f, superWords, low)
			for s := range superSteps {
				if there(s) && t.low(s).offset == low {
					do(s)
				}
			}
		}
	}
}

// offsets lists where parts of some steps lie, each once; [0] if there is none.
func (t superformat) offsets(part func(int) bits, of func(step int) bool) []int {
	if part == nil {
		return []int{0}
	}
	var offsets []int
	for s := range superSteps {
		if of(s) && !slices.Contains(offsets, part(s).offset) {
			offsets = append(offsets, part(s).offset)
		}
	}
	return offsets
}

// eachWord gives do the registers of a step's bytes: with nothing in their upper
// bits where there is no table, or a high part.
func (t superformat) eachWord(f *file, step int, do func(j, word int)) {
	for j := range 4 {
		x := superWords.word(j)
		if shift := t.low(step).shift; shift > 0 {
			f.p("\tVPSRLD $%d, Z%d, Z%d", shift, x, tempA)
			x = tempA
		}
		if t.high != nil || t.table == "" {
			f.p("\tVPANDD.BCST ·%s(SB), Z%d, Z%d", t.lowMask, x, tempA)
			x = tempA
		}
		if t.high != nil {
			h := registers{words: superHigh}.word(j)
			if shift := t.high(step).shift - t.lift; shift > 0 {
				f.p("\tVPSRLD $%d, Z%d, Z%d", shift, h, tempB)
				h = tempB
			} else if shift < 0 {
				f.p("\tVPSLLD $%d, Z%d, Z%d", -shift, h, tempB)
				h = tempB
			}
			f.p("\tVPANDD.BCST ·%s(SB), Z%d, Z%d\n\tVPORD Z%d, Z%d, Z%d", t.highMask, h, tempB, tempB, tempA, tempA)
		}
		if t.less != "" {
			f.p("\tVPSUBB Z%d, Z%d, Z%d", constA, x, tempA)
			x = tempA
		}
		do(j, x)
	}
}

func (t superformat) constants(f *file) {
	if t.table != "" {
		f.p("\tVMOVUPS ·%s(SB), Z%d", t.table, constA)
	}
	if t.upper != "" {
		f.p("\tVMOVUPS ·%s(SB), Z%d", t.upper, superUpper)
	}
	if t.less != "" {
		f.p("\tVPBROADCASTD ·%s(SB), Z%d", t.less, constA)
	}
}

// load brings the scales of the step at R15.
func (t superformat) load(f *file, panels int) {
	for p := range panels {
		d, m := superScale(p)
		f.p("\tVMOVUPS %s, Z%d", t.slot(0, panels, p, 4), d)
		if t.minima {
			f.p("\tVMOVUPS %s, Z%d", t.slot(0, panels, p, 5), m)
		}
	}
}

// widen sets dst to weight k of the step at R15.
func (t superformat) widen(f *file, panels, p, k, dst int) {
	word := t.slot(0, panels, p, k/4)
	d, m := superScale(p)
	switch shift := k % 4 * 8; {
	case t.table == "":
		if shift < 24 {
			f.p("\tVPSLLD $%d, %s, Z%d", 24-shift, word, dst)
			word = fmt.Sprintf("Z%d", dst)
		}
		f.p("\tVPSRAD $24, %s, Z%d\n\tVCVTDQ2PS Z%d, Z%d", word, dst, dst, dst)
	case shift == 0: // indices must be in a register
		f.p("\tVMOVUPS %s, Z%d", word, dst)
	default:
		f.p("\tVPSRLD $%d, %s, Z%d", shift, word, dst)
	}
	switch {
	case t.upper != "":
		f.p("\tVPERMI2PS Z%d, Z%d, Z%d", superUpper, constA, dst)
	case t.table != "":
		f.p("\tVPERMPS Z%d, Z%d, Z%d", constA, dst, dst)
	}
	if t.minima {
		f.p("\tVFMSUB213PS Z%d, Z%d, Z%d", m, d, dst)
	} else {
		f.p("\tVMULPS Z%d, Z%d, Z%d", d, dst, dst)
	}
}

// blocks writes the loop over superblocks of the rows from SI on: do is called
// for each weight of a step, after the step's bytes are fetched.
func (t superformat) blocks(f *file, panels int, ahead []fetch, do func(k int)) {
	strides(f)
	t.constants(f)
	f.p("\tPCALIGN $32\nloop:")
	aligned(f)
	f.p("\tMOVQ SI, R11")
	for p := range panels {
		f.p("\tLEAQ (R11)(R9*8), R12")
		t.bring(f, panels, p)
		if p+1 < panels {
			f.p("\tLEAQ (R12)(R9*8), R11")
		}
	}
	f.p("\tMOVQ $%d, R8\n\tPCALIGN $32\nstep:", superSteps)
	t.load(f, panels)
	for k := range 16 {
		for _, a := range ahead {
			a.step(f, k)
		}
		do(k)
	}
	for _, a := range ahead {
		a.end(f)
	}
	f.p("\tADDQ $%d, R15", 64*panels*t.vectors())
}

// next ends what blocks began.
func (t superformat) next(f *file) {
	f.p("\tDECQ R8\n\tJNZ  step\n\tADDQ $%d, SI\n\tDECQ CX\n\tJNZ  loop", t.bytes)
}

// packSuper writes a packer, see pack.
func packSuper(f *file, t superformat) {
	t.function(f, "pack"+t.name+"AVX512", "dst []float32, src []byte, stride, blocks, ahead int", 1, 72)
	f.p("\tMOVQ dst_base+0(FP), DI\n\tMOVQ src_base+24(FP), SI\n\tMOVQ stride+48(FP), R9\n\tMOVQ blocks+56(FP), CX")
	f.p("\tMOVQ ahead+64(FP), BX\n\tADDQ SI, BX")
	t.blocks(f, 1, []fetch{{"PREFETCHT1", "BX", t.bytes, 16}}, func(k int) {
		x := tempA + k%2
		t.widen(f, 1, 0, k, x)
		f.p("\tVMOVUPS Z%d, %d(DI)", x, 64*k)
	})
	f.p("\tADDQ $1024, DI")
	t.next(f)
	f.p("\tVZEROUPPER\n\tRET")
}

// thinSuper writes a kernel for one row of a and some panels, see thin.
func thinSuper(f *file, t superformat, panels int) {
	t.function(f, fmt.Sprintf("thin%d%sAVX512", panels, t.name), "c, a []float32, src []byte, stride, blocks, ahead, mode int", panels, 104)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ a_base+24(FP), DX\n\tMOVQ src_base+48(FP), SI")
	f.p("\tMOVQ stride+72(FP), R9\n\tMOVQ blocks+80(FP), CX\n\tMOVQ ahead+88(FP), BX\n\tADDQ SI, BX")
	for p := range panels {
		f.p("\tVPXORD Z%d, Z%d, Z%d", p, p, p)
	}
	t.blocks(f, panels, []fetch{{"PREFETCHT0", "BX", panels * t.bytes, 16}}, func(k int) {
		for p := range panels {
			x := tempA + p%2
			t.widen(f, panels, p, k, x)
			f.p("\tVFMADD231PS.BCST %d(DX), Z%d, Z%d", 4*k, x, p)
		}
	})
	f.p("\tADDQ $64, DX")
	t.next(f)
	f.p("\tMOVQ mode+96(FP), AX\n\tTESTQ $2, AX\n\tJZ   store")
	for p := range panels {
		f.p("\tVADDPS %d(DI), Z%d, Z%d", 64*p, p, p)
	}
	f.p("store:")
	for p := range panels {
		f.p("\tVMOVUPS Z%d, %d(DI)", p, 64*p)
	}
	f.p("\tVZEROUPPER\n\tRET")
}

// slimSuper writes a kernel for up to `rows` rows of a, see slim.
func slimSuper(f *file, t superformat, rows int, keep bool) {
	name, params, size := slimHead(t.name, rows, keep)
	t.function(f, name, params, slimPanels, size)
	slimLoad(f, rows, keep)
	ahead := []fetch{
		{"PREFETCHT0", "BX", slimPanels * t.bytes, 16},
		{"PREFETCHT1", "AX", 64 * farLines(superWeights, rows*slimPanels) / superSteps, 16},
	}
	t.blocks(f, slimPanels, ahead, func(k int) {
		slimStep(f, rows, k, keep, func(p, dst int) { t.widen(f, slimPanels, p, k, dst) })
	})
	f.p("\tADDQ $1024, DX")
	if keep {
		f.p("\tADDQ $%d, DI", 64*slimPanels*16)
	}
	t.next(f)
	slimEnd(f, rows, 112)
}
