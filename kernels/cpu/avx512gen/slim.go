package main

import "fmt"

// Slim kernels take two panels and up to four or eight rows: as many
// accumulators as hide the latency of the FMA units, while each value that is
// loaded serves two of them. The kernels that keep are for eight rows.
const slimPanels = 2

var slimShapes = []struct {
	rows int
	keep bool
}{{4, false}, {8, false}, {8, true}}

// slimRegisters leave the lower half to accumulators.
func slimRegisters(p int) registers { return registers{words: 16 + 4*p, d: 24 + 2*p, m: 25 + 2*p} }

// slimHead begins a slim kernel: its name and the registers of its loop. DI is
// where widened weights are kept.
func slimHead(t string, rows int, keep bool) (name, params string, size int) {
	name, params = fmt.Sprintf("slim%d%sAVX512", rows, t), "c []float32, ldc, rows int, a []float32, src []byte, stride, blocks, ahead, mode int, far unsafe.Pointer"
	if keep {
		return "keep" + name[len("slim"):], params + ", wide []float32", 152
	}
	return name, params, 128
}

func slimLoad(f *file, rows int, keep bool) {
	f.p("\tMOVQ a_base+40(FP), DX\n\tMOVQ src_base+64(FP), SI\n\tMOVQ stride+88(FP), R9\n\tMOVQ blocks+96(FP), CX")
	f.p("\tMOVQ ahead+104(FP), BX\n\tMOVQ far+120(FP), AX\n\tADDQ SI, BX")
	if keep {
		f.p("\tMOVQ wide_base+128(FP), DI")
	}
	for z := range rows * slimPanels {
		f.p("\tVPXORD Z%d, Z%d, Z%d", z, z, z)
	}
}

// slimStep multiplies weight k of both panels, widened by widen, with up to
// `rows` rows.
func slimStep(f *file, rows, k int, keep bool, widen func(p, dst int)) {
	for p := range slimPanels {
		widen(p, tempA+p)
		if keep {
			f.p("\tVMOVUPS Z%d, %d(DI)", tempA+p, 64*(slimPanels*k+p))
		}
	}
	for r := range rows {
		f.p("\tVBROADCASTSS %d(DX), Z%d", 64*k+4*r, constB)
		for p := range slimPanels {
			f.p("\tVFMADD231PS Z%d, Z%d, Z%d", constB, tempA+p, r*slimPanels+p)
		}
	}
}

// slimEnd stores the accumulators.
func slimEnd(f *file, rows int, modeAt int) {
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ ldc+24(FP), R8\n\tMOVQ rows+32(FP), R15\n\tMOVQ mode+%d(FP), AX\n\tSHLQ $2, R8", modeAt)
	storeRows(f, rows)
}

// slim writes a kernel for up to `rows` rows of a. Weights are widened in
// registers and used for all rows at once; a holds 16 rows side by side, row r
// of k at 16k+r. Where they are kept, the widened weights also go to wide.
func slim(f *file, t format, rows int, keep bool) {
	name, params, size := slimHead(t.name, rows, keep)
	f.text(name, params, size)
	slimLoad(f, rows, keep)
	strides(f)
	t.constants(f)
	f.p("\tPCALIGN $32\nloop:")
	ahead := fetch{"PREFETCHT0", "BX", slimPanels * 16 * t.bytes, t.weights}
	far := fetch{"PREFETCHT1", "AX", 64 * farLines(t.weights, rows*slimPanels), t.weights}
	each := t.weights / len(t.groups)
	for g, offset := range t.groups {
		f.p("\tMOVQ SI, R11")
		for p := range slimPanels {
			f.p("\tLEAQ (R11)(R9*8), R12")
			if g == 0 {
				t.scales(f, slimRegisters(p))
			}
			words(f, slimRegisters(p), offset)
			if p+1 < slimPanels {
				f.p("\tLEAQ (R12)(R9*8), R11")
			}
		}
		for k := range each {
			ahead.step(f, g*each+k)
			far.step(f, g*each+k)
			slimStep(f, rows, g*each+k, keep, func(p, dst int) { t.widen(f, slimRegisters(p), k, dst) })
		}
	}
	ahead.end(f)
	far.end(f)
	if keep {
		f.p("\tADDQ $%d, DI", 64*slimPanels*t.weights)
	}
	f.p("\tADDQ $%d, SI\n\tADDQ $%d, DX\n\tDECQ CX\n\tJNZ  loop", t.bytes, 64*t.weights)
	slimEnd(f, rows, 112)
}

const (
	wideRows  = 8
	wideSteps = 4 // of k in one turn of the loop
)

// wide writes the kernel for further rows and the panels whose widened weights
// another kernel kept.
func wide(f *file) {
	f.text(fmt.Sprintf("wide%dAVX512", wideRows), "c []float32, ldc, rows int, a, wide []float32, blocks, mode int, far unsafe.Pointer", 112)
	f.p("\tMOVQ a_base+40(FP), DX\n\tMOVQ wide_base+64(FP), SI\n\tMOVQ blocks+88(FP), CX\n\tMOVQ far+104(FP), AX")
	for z := range wideRows * slimPanels {
		f.p("\tVPXORD Z%d, Z%d, Z%d", z, z, z)
	}
	f.p("\tPCALIGN $32\nloop:")
	far := fetch{"PREFETCHT1", "AX", 64 * farLines(wideSteps, wideRows*slimPanels), wideSteps}
	for k := range wideSteps {
		far.step(f, k)
		slimStep(f, wideRows, k, false, func(p, dst int) { f.p("\tVMOVUPS %d(SI), Z%d", 64*(slimPanels*k+p), dst) })
	}
	far.end(f)
	f.p("\tADDQ $%d, SI\n\tADDQ $%d, DX\n\tDECQ CX\n\tJNZ  loop", 64*slimPanels*wideSteps, 64*wideSteps)
	slimEnd(f, wideRows, 96)
}

// storeRows ends a kernel of several rows, R15 of which are wanted: accumulators
// go to rows of c, at DI and R8 bytes apart, or are added to them.
func storeRows(f *file, rows int) {
	acc := func(r, p int) int { return r*slimPanels + p }
	for r := range rows {
		f.p("\tTESTQ $2, AX\n\tJZ   store%d", r)
		for p := range slimPanels {
			f.p("\tVADDPS %d(DI), Z%d, Z%d", 64*p, acc(r, p), acc(r, p))
		}
		f.p("store%d:", r)
		for p := range slimPanels {
			f.p("\tVMOVUPS Z%d, %d(DI)", acc(r, p), 64*p)
		}
		f.p("\tADDQ R8, DI\n\tDECQ R15\n\tJZ   end")
	}
	f.p("end:\n\tVZEROUPPER\n\tRET")
}

// farLines is how many cache lines a block fetches from afar: as many as memory
// delivers while the block is computed.
func farLines(weights, accumulators int) int { return max(1, weights*accumulators/32) }
