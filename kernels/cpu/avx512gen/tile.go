package main

import (
	"fmt"
)

// shapes lists rows and 16-column panels of each tile. At least eight
// accumulators hide the latency of the FMA units; the more, the fewer loads
// an FMA needs.
var shapes = [][2]int{
	{1, 1}, {1, 2}, {1, 4}, {1, 8}, {2, 1}, {2, 2}, {2, 4}, {2, 8}, {3, 1}, {3, 2}, {3, 4}, {3, 6}, {4, 1}, {4, 2}, {4, 4}, {4, 6},
	{5, 1}, {5, 2}, {5, 4}, {6, 1}, {6, 2}, {6, 4}, {7, 1}, {7, 2}, {7, 3}, {8, 1}, {8, 2}, {8, 3}, {9, 1}, {9, 2}, {9, 3},
	{10, 1}, {10, 2}, {11, 1}, {11, 2}, {12, 1}, {12, 2}, {13, 1}, {13, 2}, {14, 1}, {14, 2},
}

// A kind is what a tile multiplies: floats, or pairs of bfloat16 whose dot
// product is one step of the chain. Both are four bytes, so all else is equal.
type kind struct {
	suffix string
	width  int // weights of a step
	dot    func(f *file, b, a, acc int)
}

var exact = kind{"AVX512", 1, func(f *file, b, a, acc int) { f.p("\tVFMADD231PS Z%d, Z%d, Z%d", b, a, acc) }}

// The assembler does not know VDPBF16PS.
var bf16 = kind{"BF16", 2, func(f *file, b, a, acc int) {
	f.p("\t%s // VDPBF16PS Z%d, Z%d, Z%d", evex(2, 0x52, b, a, acc), b, a, acc)
}}

const unroll = 4

// Addresses of the rows of A, from five base registers three rows apart, and
// of the panels of B; R14 stands at panel 5 where there is one.
var (
	aRow = []string{
		"(R8)", "(R8)(R9*1)", "(R8)(R9*2)", "(R13)", "(R13)(R9*1)", "(R13)(R9*2)", "(R14)",
		"(R14)(R9*1)", "(R14)(R9*2)", "(R15)", "(R15)(R9*1)", "(R15)(R9*2)", "(DX)", "(DX)(R9*1)",
	}
	aBase  = []string{"R8", "R13", "R14", "R15", "DX"}
	bPanel = []string{"(R10)", "(R10)(R12*1)", "(R10)(R12*2)", "(R10)(BX*1)", "(R10)(R12*4)", "(R14)", "(R14)(R12*1)", "(R14)(R12*2)"}
)

const tileParams = "c []float32, ldc int, a []float32, lda int, b []float32, ldb, panel, k, mode int"

func tile(f *file, rows, panels int, kd kind) {
	acc := func(r, v int) int { return r*panels + v }
	f.text(fmt.Sprintf("tile%dx%d%s", rows, panels, kd.suffix), tileParams, 120)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ ldc+24(FP), SI\n\tMOVQ a_base+32(FP), R8\n\tMOVQ lda+56(FP), R9")
	f.p("\tMOVQ b_base+64(FP), R10\n\tMOVQ ldb+88(FP), R11\n\tMOVQ panel+96(FP), R12\n\tMOVQ k+104(FP), CX\n\tMOVQ mode+112(FP), AX")
	f.p("\tSHLQ $2, SI\n\tSHLQ $2, R9\n\tSHLQ $2, R11\n\tSHLQ $2, R12")

	// In C the panels lie side by side, 16 columns each.
	eachC := func(do func(r, v int, addr string)) {
		f.p("\tMOVQ DI, DX")
		for r := 0; r < rows; r++ {
			for v := 0; v < panels; v++ {
				do(r, v, fmt.Sprintf("%d(DX)", 64*v))
			}
			if r+1 < rows {
				f.p("\tADDQ SI, DX")
			}
		}
	}

	f.p("\tTESTQ $1, AX\n\tJNZ  resume")
	for i := 0; i < rows*panels; i++ {
		f.p("\tVPXORD Z%d, Z%d, Z%d", i, i, i)
	}
	f.p("\tJMP begin\nresume:")
	eachC(func(r, v int, addr string) { f.p("\tVMOVUPS %s, Z%d", addr, acc(r, v)) })

	f.p("begin:")
	f.p("\tLEAQ (R12)(R12*2), BX")
	bases := (rows + 2) / 3
	if bases > 1 {
		f.p("\tLEAQ (R9)(R9*2), R13")
		if bases > 4 {
			f.p("\tLEAQ (R8)(R13*4), DX")
		}
		if bases > 3 {
			f.p("\tLEAQ (R13)(R13*2), R15\n\tADDQ R8, R15")
		}
		if bases > 2 {
			f.p("\tLEAQ (R8)(R13*2), R14")
		}
		f.p("\tADDQ R8, R13")
	}
	if panels > 5 {
		f.p("\tLEAQ (R10)(R12*4), R14\n\tADDQ R12, R14")
	}
	next := func() {
		f.p("\tADDQ R11, R10")
		if panels > 5 {
			f.p("\tADDQ R11, R14")
		}
	}
	advance := func(bytes int) {
		for _, base := range aBase[:bases] {
			f.p("\tADDQ $%d, %s", bytes, base)
		}
	}
	f.p("\tSUBQ $%d, CX\n\tJLT  rest", unroll)
	f.p("\tPCALIGN $32\nloop:")
	for u := 0; u < unroll; u++ {
		step(f, rows, panels, acc, kd, 4*u)
		next()
	}
	advance(4 * unroll)
	f.p("\tSUBQ $%d, CX\n\tJGE  loop", unroll)
	f.p("rest:\n\tADDQ $%d, CX\n\tJZ   finish", unroll)
	f.p("single:")
	step(f, rows, panels, acc, kd, 0)
	next()
	advance(4)
	f.p("\tDECQ CX\n\tJNZ  single")

	f.p("finish:\n\tTESTQ $2, AX\n\tJZ   store")
	eachC(func(r, v int, addr string) { f.p("\tVADDPS %s, Z%d, Z%d", addr, acc(r, v), acc(r, v)) })
	f.p("store:")
	eachC(func(r, v int, addr string) { f.p("\tVMOVUPS Z%d, %s", acc(r, v), addr) })
	f.p("\tVZEROUPPER\n\tRET")
}

// step multiplies one column of A with one row of each panel of B.
func step(f *file, rows, panels int, acc func(r, v int) int, kd kind, disp int) {
	used := rows * panels
	for v := 0; v < panels; v++ {
		f.p("\tVMOVUPS %s, Z%d", bPanel[v], used+v)
	}
	spare := 32 - used - panels
	for r := 0; r < rows; r++ {
		x := used + panels + r%min(spare, 2)
		f.p("\tVBROADCASTSS %d%s, Z%d", disp, aRow[r], x)
		for v := 0; v < panels; v++ {
			kd.dot(f, used+v, x, acc(r, v))
		}
	}
}
