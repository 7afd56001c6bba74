package main

import "fmt"

// tiles lists rows and 16-column panels of each kernel. Sixteen accumulators
// or more hide the latency of four FMA units; short tiles reach for more
// panels.
var tiles = [][2]int{{1, 1}, {1, 4}, {2, 1}, {2, 2}, {3, 1}, {3, 2}, {4, 1}, {5, 1}, {6, 1}}

const unroll = 4

func tileSignature(rows, panels int) string {
	return fmt.Sprintf("tile%dx%dNEON(c []float32, ldc int, a []float32, lda int, b []float32, ldb, panel, k, mode int)", rows, panels)
}

func tileDeclarations() []byte {
	var l listing
	l.WriteString(head + "package cpu\n")
	for _, t := range tiles {
		fmt.Fprintf(&l, "\n//go:noescape\nfunc %s\n", tileSignature(t[0], t[1]))
	}
	return l.Bytes()
}

func writeTiles(l *listing) {
	for _, t := range tiles {
		tile{l, t[0], t[1]}.write()
	}
}

// tile writes one kernel. V0 to V23 accumulate, V24 to V27 hold a row of a
// panel of B and V28 to V31 elements of A. R0 is C, R2 to R7 are the rows of
// A, R9 to R12 the panels of B; R1, R8 and R13 are ldc, lda and ldb in bytes.
type tile struct {
	*listing
	rows, panels int
}

// acc is the accumulator of a row and a vector of 4 columns.
func (t tile) acc(row, vector int) int { return row*4*t.panels + vector }

func (t tile) write() {
	t.function(tileSignature(t.rows, t.panels), 120)
	t.p(`MOVD c_base+0(FP), R0
		MOVD ldc+24(FP), R1
		MOVD a_base+32(FP), R2
		MOVD lda+56(FP), R8
		MOVD b_base+64(FP), R9
		MOVD ldb+88(FP), R13
		MOVD panel+96(FP), R16
		MOVD k+104(FP), R14
		MOVD mode+112(FP), R15
		LSL $2, R1
		LSL $2, R8
		LSL $2, R13
		LSL $2, R16`)
	for r := 1; r < t.rows; r++ {
		t.p("ADD R8, R%d, R%d", 1+r, 2+r)
	}
	for p := 1; p < t.panels; p++ {
		t.p("ADD R16, R%d, R%d", 8+p, 9+p)
	}
	t.p("TBNZ $0, R15, resume")
	for i := range 4 * t.rows * t.panels {
		t.p("movi v%d.4s, #0", i)
	}
	t.p("B begin\nresume:")
	t.eachC(func(row, v int, addr string) { t.p("FLDPQ %s, (F%d, F%d)", addr, t.acc(row, v), t.acc(row, v+1)) })

	t.p("begin:\nSUBS $%d, R14\nBLT rest", unroll)
	t.p("loop:")
	for u := range unroll {
		t.step(4 * u)
	}
	t.advance(4 * unroll)
	t.p("SUBS $%d, R14\nBGE loop", unroll)
	t.p("rest:\nADDS $%d, R14\nBEQ finish", unroll)
	t.p("single:")
	t.step(0)
	t.advance(4)
	t.p("SUBS $1, R14\nBNE single")

	t.p("finish:\nTBZ $1, R15, store")
	t.eachC(func(row, v int, addr string) {
		t.p("FLDPQ %s, (F24, F25)", addr)
		for i := range 2 {
			t.p("fadd v%[1]d.4s, v%[2]d.4s, v%[1]d.4s", t.acc(row, v+i), 24+i)
		}
	})
	t.p("store:")
	t.eachC(func(row, v int, addr string) { t.p("FSTPQ (F%d, F%d), %s", t.acc(row, v), t.acc(row, v+1), addr) })
	t.p("RET")
}

// eachC visits C by pairs of vectors. In C the panels lie side by side.
func (t tile) eachC(do func(row, vector int, addr string)) {
	t.p("MOVD R0, R17")
	for r := range t.rows {
		for v := 0; v < 4*t.panels; v += 2 {
			do(r, v, fmt.Sprintf("%d(R17)", 16*v))
		}
		if r+1 < t.rows {
			t.p("ADD R1, R17")
		}
	}
}

// step multiplies one column of A, disp bytes on, with one row of each panel
// of B. More than four rows, which share registers, come with one panel only.
func (t tile) step(disp int) {
	for p := range t.panels {
		t.p("FLDPQ (R%[1]d), (F24, F25)\nFLDPQ 32(R%[1]d), (F26, F27)\nADD R13, R%[1]d", 9+p)
		for r := range t.rows {
			if p == 0 {
				t.p("FMOVS %d(R%d), F%d", disp, 2+r, 28+r%4)
			}
			for v := range 4 {
				t.p("fmla v%d.4s, v%d.4s, v%d.s[0]", t.acc(r, 4*p+v), 24+v, 28+r%4)
			}
		}
	}
}

func (t tile) advance(bytes int) {
	for r := range t.rows {
		t.p("ADD $%d, R%d", bytes, 2+r)
	}
}
