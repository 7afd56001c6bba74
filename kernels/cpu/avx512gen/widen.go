package main

import "fmt"

// A format says how blocks of a quantisation type become floats, sixteen rows
// at a time, row r in lane r.
type format struct {
	name           string
	weights, bytes int // of a block
	// groups are the offsets of 16 bytes of quanta each; the weights of a
	// block are spread over them evenly and in order.
	groups []int
	// constants loads registers that stay for the whole function.
	constants func(f *file)
	// scales sets what widen needs from the block at the row pointers.
	scales func(f *file, r registers)
	// widen sets dst to weight k of the group in r.words.
	widen func(f *file, r registers, k, dst int)
}

// registers are those of one panel. Register words+place[j] holds bytes 4j to
// 4j+3 of the group of each row.
type registers struct{ words, d, m, acc int }

// Four panels have words at 0, scales at 16, accumulators at 24.
func panelRegisters(p int) registers { return registers{4 * p, 16 + 2*p, 17 + 2*p, 24 + p} }

const (
	constA = 28
	constB = 29
	tempA  = 30
	tempB  = 31
)

var place = [4]int{1, 3, 0, 2}

func (r registers) word(j int) int { return r.words + place[j] }

// Row addresses: row 0 at R11 and row 8 at R12, the rest through multiples of
// the stride: R9 once, R10 three, R13 five and R14 seven times.
func rowAddress(row, disp int) string {
	index := []string{"", "(R9*1)", "(R9*2)", "(R10*1)", "(R9*4)", "(R13*1)", "(R10*2)", "(R14*1)"}[row%8]
	return fmt.Sprintf("%d(%s)%s", disp, []string{"R11", "R12"}[row/8], index)
}

func strides(f *file) {
	f.p("\tLEAQ (R9)(R9*2), R10\n\tLEAQ (R9)(R9*4), R13\n\tLEAQ (R10)(R9*4), R14")
}

// words loads 16 bytes at disp of 16 rows and transposes them.
func words(f *file, r registers, disp int) {
	for lane := 0; lane < 4; lane++ {
		for e := 0; e < 4; e++ {
			at := rowAddress(4*lane+e, disp)
			if lane == 0 {
				f.p("\tVMOVDQU32 %s, X%d", at, r.words+e)
			} else {
				f.p("\tVINSERTI32X4 $%d, %s, Z%d, Z%d", lane, at, r.words+e, r.words+e)
			}
		}
	}
	a, b, c, d := r.words, r.words+1, r.words+2, r.words+3
	unpack := func(op string, second, first, dst int) { f.p("\tVPUNPCK%s Z%d, Z%d, Z%d", op, second, first, dst) }
	unpack("LDQ", b, a, tempA)
	unpack("HDQ", b, a, a)
	unpack("LDQ", d, c, tempB)
	unpack("HDQ", d, c, c)
	unpack("LQDQ", tempB, tempA, b)
	unpack("HQDQ", tempB, tempA, d)
	unpack("LQDQ", c, a, tempA)
	unpack("HQDQ", c, a, c)
	f.p("\tVMOVDQA64 Z%d, Z%d", tempA, a)
}

// dwords sets dst to the four bytes at disp of 16 rows.
func dwords(f *file, disp, dst int) {
	for lane := 0; lane < 4; lane++ {
		x := tempA
		if lane == 0 {
			x = dst
		}
		f.p("\tVMOVD %s, X%d", rowAddress(4*lane, disp), x)
		for e := 1; e < 4; e++ {
			f.p("\tVPINSRD $%d, %s, X%d, X%d", e, rowAddress(4*lane+e, disp), x, x)
		}
		if lane > 0 {
			f.p("\tVINSERTI32X4 $%d, X%d, Z%d, Z%d", lane, tempA, dst, dst)
		}
	}
}

// half converts the lower binary16 of each lane of src.
func half(f *file, src, dst int) {
	f.p("\tVPMOVDW Z%d, Y%d\n\tVCVTPH2PS Y%d, Z%d", src, dst, dst, dst)
}

// fetch spreads the prefetches of what is read later over the steps of a block:
// a heap of them would wait for one another.
type fetch struct {
	hint, from   string // instruction and register
	bytes, steps int
}

func (t fetch) step(f *file, i int) {
	lines := (t.bytes + 63) / 64
	for line := lines * i / t.steps; line < lines*(i+1)/t.steps; line++ {
		f.p("\t%s %d(%s)", t.hint, 64*line, t.from)
	}
}

func (t fetch) end(f *file) { f.p("\tADDQ $%d, %s", t.bytes, t.from) }

// pack writes a packer: weight k of row r goes to dst[16k+r]. Meanwhile as many
// bytes are fetched from `ahead` bytes further on, where they lie in one piece.
func pack(f *file, t format) {
	f.text("pack"+t.name+"AVX512", "dst []float32, src []byte, stride, blocks, ahead int", 72)
	f.p("\tMOVQ dst_base+0(FP), DI\n\tMOVQ src_base+24(FP), R11\n\tMOVQ stride+48(FP), R9\n\tMOVQ blocks+56(FP), CX")
	strides(f)
	f.p("\tLEAQ (R11)(R9*8), R12\n\tMOVQ ahead+64(FP), BX\n\tADDQ R11, BX")
	t.constants(f)
	f.p("loop:")
	ahead := fetch{"PREFETCHT1", "BX", 16 * t.bytes, t.weights}
	r := panelRegisters(0)
	t.scales(f, r)
	each := t.weights / len(t.groups)
	for g, offset := range t.groups {
		words(f, r, offset)
		for k := 0; k < each; k++ {
			ahead.step(f, g*each+k)
			x := tempA + k%2
			t.widen(f, r, k, x)
			f.p("\tVMOVUPS Z%d, %d(DI)", x, 64*(g*each+k))
		}
	}
	ahead.end(f)
	f.p("\tADDQ $%d, R11\n\tADDQ $%d, R12\n\tADDQ $%d, DI\n\tDECQ CX\n\tJNZ  loop", t.bytes, t.bytes, 64*t.weights)
	f.p("\tVZEROUPPER\n\tRET")
}

// thin writes a kernel for one row of a and some panels: the panels' chains
// run side by side, which hides the latency of the FMA units. For bfloat16, a
// holds pairs.
func thin(f *file, t format, panels int, kd kind) {
	f.text(fmt.Sprintf("thin%d%s%s", panels, t.name, kd.suffix), "c, a []float32, src []byte, stride, blocks, ahead, mode int", 104)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ a_base+24(FP), DX\n\tMOVQ src_base+48(FP), SI")
	f.p("\tMOVQ stride+72(FP), R9\n\tMOVQ blocks+80(FP), CX\n\tMOVQ mode+96(FP), AX")
	strides(f)
	// What is read next lies in one piece, `ahead` bytes from here; it is
	// fetched while these rows are computed.
	f.p("\tMOVQ ahead+88(FP), BX\n\tADDQ SI, BX")
	t.constants(f)
	if kd.width == 2 {
		f.p("\tVMOVDQU64 ·interleave(SB), Z%d", constB)
	}
	for p := 0; p < panels; p++ {
		acc := panelRegisters(p).acc
		f.p("\tVPXORD Z%d, Z%d, Z%d", acc, acc, acc)
	}
	f.p("\tPCALIGN $32\nloop:")
	ahead := fetch{"PREFETCHT0", "BX", panels * 16 * t.bytes, t.weights / kd.width}
	eachPanel := func(do func(r registers)) {
		f.p("\tMOVQ SI, R11")
		for p := 0; p < panels; p++ {
			f.p("\tLEAQ (R11)(R9*8), R12")
			do(panelRegisters(p))
			if p+1 < panels {
				f.p("\tLEAQ (R12)(R9*8), R11")
			}
		}
	}
	each := t.weights / len(t.groups)
	for g, offset := range t.groups {
		eachPanel(func(r registers) {
			if g == 0 {
				t.scales(f, r)
			}
			words(f, r, offset)
		})
		for k := 0; k < each; k += kd.width {
			ahead.step(f, (g*each+k)/kd.width)
			for p := 0; p < panels; p++ {
				r, x, at := panelRegisters(p), tempA+p%2, 4*(g*each+k)/kd.width
				if kd.width == 1 {
					t.widen(f, r, k, x)
					f.p("\tVFMADD231PS.BCST %d(DX), Z%d, Z%d", at, x, r.acc)
					continue
				}
				t.widen(f, r, k, tempA)
				t.widen(f, r, k+1, tempB)
				cvt2(f, tempA, tempB, tempA)
				f.p("\tVPERMW Z%d, Z%d, Z%d\n\tVPBROADCASTD %d(DX), Z%d", tempA, constB, tempA, at, tempB)
				kd.dot(f, tempA, tempB, r.acc)
			}
		}
	}
	ahead.end(f)
	f.p("\tADDQ $%d, SI\n\tADDQ $%d, DX\n\tDECQ CX\n\tJNZ  loop", t.bytes, 4*t.weights/kd.width)
	f.p("\tTESTQ $2, AX\n\tJZ   store")
	for p := 0; p < panels; p++ {
		acc := panelRegisters(p).acc
		f.p("\tVADDPS %d(DI), Z%d, Z%d", 64*p, acc, acc)
	}
	f.p("store:")
	for p := 0; p < panels; p++ {
		f.p("\tVMOVUPS Z%d, %d(DI)", panelRegisters(p).acc, 64*p)
	}
	f.p("\tVZEROUPPER\n\tRET")
}
