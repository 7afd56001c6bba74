package main

import "fmt"

// slimShapes lists rows and panels: as many accumulators as hide the latency of
// the FMA units.
var slimShapes = [][2]int{{4, 2}, {8, 1}, {16, 1}}

const slimParams = "c []float32, ldc, rows int, a []float32, src []byte, stride, blocks, ahead, mode int, far unsafe.Pointer"

// slimRegisters leave the lower half to accumulators.
func slimRegisters(p int) registers { return registers{words: 16 + 4*p, d: 24 + 2*p, m: 25 + 2*p} }

// slim writes a kernel for up to `rows` rows of a and some panels. Weights are
// widened in registers and used for all rows at once; a holds 16 rows side by
// side, row r of k at 16k+r. Where they are kept, the widened weights of the
// one panel also go to wide.
func slim(f *file, t format, rows, panels int, keep bool) {
	if keep {
		f.text(fmt.Sprintf("keep%d%sAVX512", rows, t.name), slimParams+", wide []float32", 152)
		f.p("\tMOVQ wide_base+128(FP), DI")
	} else {
		f.text(fmt.Sprintf("slim%dx%d%sAVX512", rows, panels, t.name), slimParams, 128)
	}
	f.p("\tMOVQ a_base+40(FP), DX\n\tMOVQ src_base+64(FP), SI")
	f.p("\tMOVQ stride+88(FP), R9\n\tMOVQ blocks+96(FP), CX\n\tMOVQ ahead+104(FP), BX\n\tMOVQ far+120(FP), AX")
	f.p("\tADDQ SI, BX")
	strides(f)
	t.constants(f)
	acc := func(r, p int) int { return r*panels + p }
	for z := 0; z < rows*panels; z++ {
		f.p("\tVPXORD Z%d, Z%d, Z%d", z, z, z)
	}
	f.p("\tPCALIGN $32\nloop:")
	ahead := fetch{"PREFETCHT0", "BX", panels * 16 * t.bytes, t.weights}
	far := fetch{"PREFETCHT1", "AX", 64 * farLines(t.weights, rows*panels), t.weights}
	each := t.weights / len(t.groups)
	for g, offset := range t.groups {
		f.p("\tMOVQ SI, R11")
		for p := 0; p < panels; p++ {
			f.p("\tLEAQ (R11)(R9*8), R12")
			if g == 0 {
				t.scales(f, slimRegisters(p))
			}
			words(f, slimRegisters(p), offset)
			if p+1 < panels {
				f.p("\tLEAQ (R12)(R9*8), R11")
			}
		}
		for k := 0; k < each; k++ {
			ahead.step(f, g*each+k)
			far.step(f, g*each+k)
			for p := 0; p < panels; p++ {
				x := tempA + (k+p)%2
				t.widen(f, slimRegisters(p), k, x)
				if keep {
					f.p("\tVMOVUPS Z%d, %d(DI)", x, 64*(g*each+k))
				}
				for r := 0; r < rows; r++ {
					f.p("\tVFMADD231PS.BCST %d(DX), Z%d, Z%d", 64*(g*each+k)+4*r, x, acc(r, p))
				}
			}
		}
	}
	ahead.end(f)
	far.end(f)
	if keep {
		f.p("\tADDQ $%d, DI", 64*t.weights)
	}
	f.p("\tADDQ $%d, SI\n\tADDQ $%d, DX\n\tDECQ CX\n\tJNZ  loop", t.bytes, 64*t.weights)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ ldc+24(FP), R8\n\tMOVQ rows+32(FP), R15\n\tMOVQ mode+112(FP), AX\n\tSHLQ $2, R8")
	storeRows(f, rows, panels)
}

// wideSteps is how many k one turn of wide's loop takes.
const wideSteps = 4

// wide writes a kernel for up to `rows` further rows and the panel whose
// widened weights another kernel kept.
func wide(f *file, rows int) {
	f.text(fmt.Sprintf("wide%dAVX512", rows), "c []float32, ldc, rows int, a, wide []float32, blocks, mode int, far unsafe.Pointer", 112)
	f.p("\tMOVQ a_base+40(FP), DX\n\tMOVQ wide_base+64(FP), SI\n\tMOVQ blocks+88(FP), CX\n\tMOVQ far+104(FP), AX")
	for z := range rows {
		f.p("\tVPXORD Z%d, Z%d, Z%d", z, z, z)
	}
	f.p("\tPCALIGN $32\nloop:")
	far := fetch{"PREFETCHT1", "AX", 64 * farLines(wideSteps, rows), wideSteps}
	for k := range wideSteps {
		far.step(f, k)
		f.p("\tVMOVUPS %d(SI), Z%d", 64*k, tempA+k%2)
		for r := range rows {
			f.p("\tVFMADD231PS.BCST %d(DX), Z%d, Z%d", 64*k+4*r, tempA+k%2, r)
		}
	}
	far.end(f)
	f.p("\tADDQ $%d, SI\n\tADDQ $%d, DX\n\tDECQ CX\n\tJNZ  loop", 64*wideSteps, 64*wideSteps)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ ldc+24(FP), R8\n\tMOVQ rows+32(FP), R15\n\tMOVQ mode+96(FP), AX\n\tSHLQ $2, R8")
	storeRows(f, rows, 1)
}

// storeRows ends a kernel of several rows, R15 of which are wanted: accumulators
// go to rows of c, at DI and R8 bytes apart, or are added to them.
func storeRows(f *file, rows, panels int) {
	acc := func(r, p int) int { return r*panels + p }
	for r := 0; r < rows; r++ {
		f.p("\tTESTQ $2, AX\n\tJZ   store%d", r)
		for p := 0; p < panels; p++ {
			f.p("\tVADDPS %d(DI), Z%d, Z%d", 64*p, acc(r, p), acc(r, p))
		}
		f.p("store%d:", r)
		for p := 0; p < panels; p++ {
			f.p("\tVMOVUPS Z%d, %d(DI)", acc(r, p), 64*p)
		}
		f.p("\tADDQ R8, DI\n\tDECQ R15\n\tJZ   end")
	}
	f.p("end:\n\tVZEROUPPER\n\tRET")
}

// farLines is how many cache lines a block fetches from afar: as many as memory
// delivers while the block is computed.
func farLines(weights, accumulators int) int { return max(1, weights*accumulators/32) }
