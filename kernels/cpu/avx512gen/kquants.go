package main

import (
	"fmt"
	"slices"
)

// A superformat is a type with superblocks of 256 weights in 16 steps of 16,
// each with a scale of its own: w = scale·(low + high) - minimum, where low
// and high are looked up in tables of 16 floats by the lowest 4 bits.
type superformat struct {
	name      string
	bytes     int
	low, high func(step int) bits // high is nil for types without
	// tables are globals of 16 floats: the lower part, and the upper one.
	tables [2]string
	minima bool
	// scales writes scale i to slot i and minimum i to slot 16+i. The row
	// pointers are set; r and the temporaries are free.
	scales func(f *file, r registers, slot func(i int) string)
}

// bits are where a step's 16 quanta lie: 16 bytes at an offset, shifted right.
type bits struct{ offset, shift int }

const (
	superWeights = 256
	superSteps   = 16
)

var superformats = []superformat{
	{
		name: "Q2_K", bytes: 84, tables: [2]string{"pairs", ""}, minima: true,
		low: func(s int) bits { return bits{16 + s/8*32 + s%2*16, s / 2 % 4 * 2} },
		scales: func(f *file, r registers, slot func(int) string) {
			dwords(f, 80, r.d)
			halves(f, r)
			words(f, r, 0)
			for s := range superSteps {
				field(f, tempA, r.word(s/4), s%4*8, "mask15")
				field(f, tempB, r.word(s/4), s%4*8+4, "mask15")
				scaled(f, tempA, r.d, slot(s))
				scaled(f, tempB, r.m, slot(superSteps+s))
			}
		},
	},
	{
		name: "Q3_K", bytes: 110, tables: [2]string{"pairs", "fourLess"},
		low:  func(s int) bits { return bits{32 + s/8*32 + s%2*16, s / 2 % 4 * 2} },
		high: func(s int) bits { return bits{s % 2 * 16, s / 2} },
		scales: func(f *file, r registers, slot func(int) string) {
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
				scaled(f, tempA, r.d, slot(s))
			}
		},
	},
	{
		name: "Q4_K", bytes: 144, tables: [2]string{"nibbles", ""}, minima: true,
		low:    func(s int) bits { return bits{16 + s/4*32 + s%2*16, s / 2 % 2 * 4} },
		scales: scaleMins,
	},
	{
		name: "Q5_K", bytes: 176, tables: [2]string{"nibbles", "sixteens"}, minima: true,
		low:    func(s int) bits { return bits{48 + s/4*32 + s%2*16, s / 2 % 2 * 4} },
		high:   func(s int) bits { return bits{16 + s%2*16, s / 2} },
		scales: scaleMins,
	},
	{
		name: "Q6_K", bytes: 210, tables: [2]string{"nibbles", "thirtyTwoLess"},
		low:  func(s int) bits { return bits{s/8*64 + s/2%2*32 + s%2*16, s / 4 % 2 * 4} },
		high: func(s int) bits { return bits{128 + s/8*32 + s%2*16, s / 2 % 4 * 2} },
		scales: func(f *file, r registers, slot func(int) string) {
			dwords(f, 206, r.d) // the last 4 bytes of the block
			f.p("\tVPSRLD $16, Z%d, Z%d", r.d, r.d)
			half(f, r.d, r.d)
			words(f, r, 192)
			for s := range superSteps {
				f.p("\tVPSLLD $%d, Z%d, Z%d\n\tVPSRAD $24, Z%d, Z%d", 24-s%4*8, r.word(s/4), tempA, tempA, tempA)
				scaled(f, tempA, r.d, slot(s))
			}
		},
	},
}

// scaleMins unpacks the eight scales and minima of Q4_K and Q5_K, each of
// which holds for two steps.
func scaleMins(f *file, r registers, slot func(int) string) {
	words(f, r, 0)
	f.p("\tVMOVDQA64 Z%d, Z%d", r.word(0), r.d)
	halves(f, r)
	for j := range 8 {
		shift, scale, minimum, rest := j%4*8, r.word(1), r.word(2), r.word(3)
		if j < 4 {
			field(f, tempA, scale, shift, "mask63")
			field(f, tempB, minimum, shift, "mask63")
		} else {
			spare := r.word(0)
			field(f, tempA, rest, shift, "mask15")
			field(f, spare, scale, shift+2, "mask48")
			f.p("\tVPORD Z%d, Z%d, Z%d", spare, tempA, tempA)
			field(f, tempB, rest, shift+4, "mask15")
			field(f, spare, minimum, shift+2, "mask48")
			f.p("\tVPORD Z%d, Z%d, Z%d", spare, tempB, tempB)
		}
		scaled(f, tempA, r.d, slot(2*j), slot(2*j+1))
		scaled(f, tempB, r.m, slot(superSteps+2*j), slot(superSteps+2*j+1))
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

// scaled stores an integer times d.
func scaled(f *file, x, d int, slots ...string) {
	f.p("\tVCVTDQ2PS Z%d, Z%d\n\tVMULPS Z%d, Z%d, Z%d", x, x, d, x, x)
	for _, s := range slots {
		f.p("\tVMOVUPS Z%d, %s", x, s)
	}
}

// superRegisters are those of one of at most two panels. Even steps have their
// words in one set of registers, odd ones in the other, since steps that take
// turns share words.
func superRegisters(p int) registers {
	return registers{4 * p, 16 + 2*p, 17 + 2*p, 24 + p}
}

func (r registers) ofStep(step int) registers {
	r.words += step % 2 * 8
	return r
}

// slots returns where panel p keeps its scales, its minima and the words of the
// upper parts, four vectors for each offset.
func (t superformat) slots(p int) func(i int) string {
	return func(i int) string { return fmt.Sprintf("%d(SP)", 64*(p*t.vectors()+i)) }
}

func (t superformat) vectors() int { return t.scaleVectors() + 4*len(t.highOffsets()) }

func (t superformat) scaleVectors() int {
	if t.minima {
		return 2 * superSteps
	}
	return superSteps
}

// highOffsets lists where the upper parts lie, each once.
func (t superformat) highOffsets() []int {
	var offsets []int
	for s := range superSteps {
		if t.high != nil && !slices.Contains(offsets, t.high(s).offset) {
			offsets = append(offsets, t.high(s).offset)
		}
	}
	return offsets
}

// begin fills a panel's slots for the block at the row pointers.
func (t superformat) begin(f *file, p int) {
	r, slot := superRegisters(p), t.slots(p)
	t.scales(f, r, slot)
	for i, offset := range t.highOffsets() {
		words(f, r, offset)
		for j := range 4 {
			f.p("\tVMOVUPS Z%d, %s", r.word(j), slot(t.scaleVectors()+4*i+j))
		}
	}
}

// load brings a step's scales, and its words unless the step before the last
// had the same.
func (t superformat) load(f *file, p, step int) {
	r, slot := superRegisters(p), t.slots(p)
	f.p("\tVMOVUPS %s, Z%d", slot(step), r.d)
	if t.minima {
		f.p("\tVMOVUPS %s, Z%d", slot(superSteps+step), r.m)
	}
	if step < 2 || t.low(step).offset != t.low(step-2).offset {
		words(f, r.ofStep(step), t.low(step).offset)
	}
}

func (t superformat) constants(f *file) {
	for i, table := range t.tables {
		if table != "" {
			f.p("\tVMOVUPS ·%s(SB), Z%d", table, constA+i)
		}
	}
}

// widen sets dst to weight k of a step that is loaded; spare is free.
func (t superformat) widen(f *file, p, step, k, dst, spare int) {
	r := superRegisters(p)
	look := func(word string, shift, table, dst int) {
		if shift > 0 {
			f.p("\tVPSRLD $%d, %s, Z%d", shift, word, dst)
			word = fmt.Sprintf("Z%d", dst)
		}
		f.p("\tVPERMPS Z%d, %s, Z%d", table, word, dst)
	}
	look(fmt.Sprintf("Z%d", r.ofStep(step).word(k/4)), k%4*8+t.low(step).shift, constA, dst)
	if t.high != nil {
		at := t.high(step)
		word := t.slots(p)(t.scaleVectors() + 4*slices.Index(t.highOffsets(), at.offset) + k/4)
		shift := k%4*8 + at.shift
		if shift == 0 { // indices must be in a register
			f.p("\tVMOVUPS %s, Z%d", word, spare)
			word = fmt.Sprintf("Z%d", spare)
		}
		look(word, shift, constB, spare)
		f.p("\tVADDPS Z%d, Z%d, Z%d", spare, dst, dst)
	}
	if t.minima {
		f.p("\tVFMSUB213PS Z%d, Z%d, Z%d", r.m, r.d, dst)
	} else {
		f.p("\tVMULPS Z%d, Z%d, Z%d", r.d, dst, dst)
	}
}

// packSuper writes a packer, see pack.
func packSuper(f *file, t superformat) {
	f.framed("pack"+t.name+"AVX512", "dst []float32, src []byte, stride, blocks, ahead int", 64*t.vectors(), 72)
	f.p("\tMOVQ dst_base+0(FP), DI\n\tMOVQ src_base+24(FP), R11\n\tMOVQ stride+48(FP), R9\n\tMOVQ blocks+56(FP), CX")
	strides(f)
	f.p("\tLEAQ (R11)(R9*8), R12\n\tMOVQ ahead+64(FP), BX\n\tADDQ R11, BX")
	t.constants(f)
	f.p("loop:")
	ahead := fetch{"PREFETCHT1", "BX", 16 * t.bytes, superWeights}
	t.begin(f, 0)
	for s := range superSteps {
		t.load(f, 0, s)
		for k := range 16 {
			ahead.step(f, 16*s+k)
			x := tempA + k%2
			t.widen(f, 0, s, k, x, 20+k%2)
			f.p("\tVMOVUPS Z%d, %d(DI)", x, 64*(16*s+k))
		}
	}
	ahead.end(f)
	f.p("\tADDQ $%d, R11\n\tADDQ $%d, R12\n\tADDQ $%d, DI\n\tDECQ CX\n\tJNZ  loop", t.bytes, t.bytes, 64*superWeights)
	f.p("\tVZEROUPPER\n\tRET")
}

// thinSuper writes a kernel for one row of a and two panels, see thin.
func thinSuper(f *file, t superformat) {
	const panels = 2
	f.framed("thin2"+t.name+"AVX512", "c, a []float32, src []byte, stride, blocks, ahead, mode int", 64*panels*t.vectors(), 104)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ a_base+24(FP), DX\n\tMOVQ src_base+48(FP), SI")
	f.p("\tMOVQ stride+72(FP), R9\n\tMOVQ blocks+80(FP), CX\n\tMOVQ mode+96(FP), AX")
	strides(f)
	f.p("\tMOVQ ahead+88(FP), BX\n\tADDQ SI, BX")
	t.constants(f)
	for p := range panels {
		r := superRegisters(p)
		f.p("\tVPXORD Z%d, Z%d, Z%d", r.acc, r.acc, r.acc)
	}
	f.p("\tPCALIGN $32\nloop:")
	ahead := fetch{"PREFETCHT0", "BX", panels * 16 * t.bytes, superWeights}
	eachPanel := func(do func(p int)) {
		f.p("\tMOVQ SI, R11")
		for p := range panels {
			f.p("\tLEAQ (R11)(R9*8), R12")
			do(p)
			if p+1 < panels {
				f.p("\tLEAQ (R12)(R9*8), R11")
			}
		}
	}
	eachPanel(func(p int) { t.begin(f, p) })
	for s := range superSteps {
		eachPanel(func(p int) { t.load(f, p, s) })
		for k := range 16 {
			ahead.step(f, 16*s+k)
			for p := range panels {
				x := tempA + p
				t.widen(f, p, s, k, x, 20+p)
				f.p("\tVFMADD231PS.BCST %d(DX), Z%d, Z%d", 4*(16*s+k), x, superRegisters(p).acc)
			}
		}
	}
	ahead.end(f)
	f.p("\tADDQ $%d, SI\n\tADDQ $%d, DX\n\tDECQ CX\n\tJNZ  loop", t.bytes, 4*superWeights)
	f.p("\tTESTQ $2, AX\n\tJZ   store")
	for p := range panels {
		r := superRegisters(p)
		f.p("\tVADDPS %d(DI), Z%d, Z%d", 64*p, r.acc, r.acc)
	}
	f.p("store:")
	for p := range panels {
		r := superRegisters(p)
		f.p("\tVMOVUPS Z%d, %d(DI)", r.acc, 64*p)
	}
	f.p("\tVZEROUPPER\n\tRET")
}
