package main

// Registers of the constants of ref.Exp, in the order of ·expConstants.
const (
	log2E = 16 + iota
	magic
	minusLn2High
	minusLn2Low
	expP0
	expP1
	expP2
	expP3
	expP4
	expP5
	one
	low
	high
	infinity
)

// rows writes the vector functions, which take two vectors of 4 at a time:
// lanes 0 to 3 and 4 to 7 of the 8 that package ref defines.
type rows struct{ *listing }

func writeRows(l *listing) {
	r := rows{l}
	r.scaleMax()
	r.expSum()
	r.expSum64()
	r.scale()
	r.swiglu()
	r.sumSquares()
	r.norm()
	r.rotate()
	r.prefetch()
	r.peak()
	r.pause()
}

// both adds lines twice: %[1]d is a register, then the one after it, for each
// of the registers.
func (r rows) both(format string, registers ...int) {
	for half := range 2 {
		var args []any
		for _, v := range registers {
			args = append(args, v+half)
		}
		r.p(format, args...)
	}
}

// each8 loops until R1 elements are done; body advances its addresses.
func (r rows) each8(body func()) {
	r.p("loop:")
	body()
	r.p("SUBS $8, R1\nBGT loop")
}

func (r rows) constants() {
	r.p("MOVD $·expConstants(SB), R9")
	for v := log2E; v <= infinity; v++ {
		r.p("VLD1R.P 4(R9), [V%d.S4]", v)
	}
}

// exp sets V6 and V7 to exp(V0) and exp(V1), step for step as ref.Exp. It
// changes V2 to V9.
func (r rows) exp() {
	const x, t, n, p, q = 0, 2, 4, 6, 8
	mov := "orr v%[1]d.16b, v%[2]d.16b, v%[2]d.16b"
	copyOf := func(to, constant int) { r.p(mov, to, constant); r.p(mov, to+1, constant) }
	fma := func(sum, a, constant int) {
		for h := range 2 {
			r.p("fmla v%d.4s, v%d.4s, v%d.4s", sum+h, a+h, constant)
		}
	}
	with := func(op string, to, a, constant int) {
		for h := range 2 {
			r.p(op+" v%d.4s, v%d.4s, v%d.4s", to+h, a+h, constant)
		}
	}
	copyOf(t, magic)
	fma(t, x, log2E)
	with("fsub", n, t, magic)
	with("sub", t, t, magic) // the integer
	r.both("shl v%[1]d.4s, v%[1]d.4s, #23", t)
	with("add", t, t, one) // its power of two
	r.both(mov, q, x)
	fma(q, n, minusLn2High)
	fma(q, n, minusLn2Low)
	const rest = q // n is free now
	copyOf(p, expP1)
	for h := range 2 {
		r.p("fmla v%d.4s, v%d.4s, v%d.4s", p+h, rest+h, expP0)
	}
	from, to := p, n
	for c := expP2; c <= expP5; c++ {
		copyOf(to, c)
		r.both("fmla v%d.4s, v%d.4s, v%d.4s", to, from, rest)
		from, to = to, from
	}
	r.both("fmul v%[1]d.4s, v%[2]d.4s, v%[2]d.4s", n, rest)
	r.both("fmla v%d.4s, v%d.4s, v%d.4s", rest, p, n)
	with("fadd", p, rest, one)
	r.both("fmul v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", p, t)
	for h := range 2 {
		r.p("fcmgt v%d.4s, v%d.4s, v%d.4s", n+h, low, x+h)
		r.p("bic v%[1]d.16b, v%[1]d.16b, v%[2]d.16b", p+h, n+h)
		r.p("fcmgt v%d.4s, v%d.4s, v%d.4s", n+h, x+h, high)
		r.p("bit v%d.16b, v%d.16b, v%d.16b", p+h, infinity, n+h)
	}
}

func (r rows) scaleMax() {
	r.function("scaleMaxNEON(x []float32, scale float32) float32", 36)
	r.p(`MOVD x_base+0(FP), R0
		MOVD x_len+8(FP), R1
		FMOVS scale+24(FP), F31
		dup v31.4s, v31.s[0]
		FLDPQ (R0), (F0, F1)
		fmul v4.4s, v0.4s, v31.4s
		fmul v5.4s, v1.4s, v31.4s`)
	r.each8(func() {
		r.p("FLDPQ (R0), (F0, F1)")
		r.both("fmul v%[1]d.4s, v%[1]d.4s, v31.4s", 0)
		r.both("fmax v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", 4, 0)
		r.p("FSTPQ.P (F0, F1), 32(R0)")
	})
	r.p("fmax v4.4s, v4.4s, v5.4s\nfmaxv s4, v4.4s\nFMOVS F4, ret+32(FP)\nRET")
}

// fold adds the 8 lanes of V10 and V11 by halves.
const fold = `fadd v10.4s, v10.4s, v11.4s
	ext v11.16b, v10.16b, v10.16b, #8
	fadd v10.4s, v10.4s, v11.4s
	faddp s10, v10.2s`

func (r rows) expSum() {
	r.function("expSumNEON(x []float32, highest float32) float32", 36)
	r.p(`MOVD x_base+0(FP), R0
		MOVD x_len+8(FP), R1
		FMOVS highest+24(FP), F31
		dup v31.4s, v31.s[0]
		movi v10.4s, #0
		movi v11.4s, #0`)
	r.constants()
	r.each8(func() {
		r.p("FLDPQ (R0), (F0, F1)")
		r.both("fsub v%[1]d.4s, v%[1]d.4s, v31.4s", 0)
		r.exp()
		r.both("fadd v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", 10, 6)
		r.p("FSTPQ.P (F6, F7), 32(R0)")
	})
	r.p(fold + "\nFMOVS F10, ret+32(FP)\nRET")
}

// expSum64 keeps lanes 2i and 2i+1 in V(10+i).
func (r rows) expSum64() {
	r.function("expSum64NEON(x []float32, highest float32) float64", 40)
	r.p(`MOVD x_base+0(FP), R0
		MOVD x_len+8(FP), R1
		FMOVS highest+24(FP), F31
		dup v31.4s, v31.s[0]`)
	for v := range 4 {
		r.p("movi v%d.4s, #0", 10+v)
	}
	r.constants()
	r.each8(func() {
		r.p("FLDPQ.P 32(R0), (F0, F1)")
		r.both("fsub v%[1]d.4s, v%[1]d.4s, v31.4s", 0)
		r.exp()
		for half := range 2 {
			r.p("fcvtl v2.2d, v%[1]d.2s\nfcvtl2 v3.2d, v%[1]d.4s", 6+half)
			r.both("fadd v%[1]d.2d, v%[1]d.2d, v%[2]d.2d", 10+2*half, 2)
		}
	})
	r.both("fadd v%[1]d.2d, v%[1]d.2d, v%[2]d.2d", 10, 12)
	r.p("fadd v10.2d, v10.2d, v11.2d\nfaddp d10, v10.2d\nFMOVD F10, ret+32(FP)\nRET")
}

func (r rows) scale() {
	r.function("scaleNEON(x []float32, scale float32)", 28)
	r.p(`MOVD x_base+0(FP), R0
		MOVD x_len+8(FP), R1
		FMOVS scale+24(FP), F31
		dup v31.4s, v31.s[0]`)
	r.each8(func() {
		r.p("FLDPQ (R0), (F0, F1)")
		r.both("fmul v%[1]d.4s, v%[1]d.4s, v31.4s", 0)
		r.p("FSTPQ.P (F0, F1), 32(R0)")
	})
	r.p("RET")
}

func (r rows) swiglu() {
	r.function("swigluNEON(dst, gate, up []float32)", 72)
	r.p(`MOVD dst_base+0(FP), R0
		MOVD dst_len+8(FP), R1
		MOVD gate_base+24(FP), R2
		MOVD up_base+48(FP), R3`)
	r.constants()
	r.each8(func() {
		r.p("FLDPQ.P 32(R2), (F10, F11)\nFLDPQ.P 32(R3), (F12, F13)")
		r.both("fneg v%d.4s, v%d.4s", 0, 10)
		r.exp()
		for h := range 2 {
			r.p(`fadd v%[1]d.4s, v%[1]d.4s, v%[4]d.4s
				fdiv v%[2]d.4s, v%[2]d.4s, v%[1]d.4s
				fmul v%[2]d.4s, v%[2]d.4s, v%[3]d.4s`, 6+h, 10+h, 12+h, one)
		}
		r.p("FSTPQ.P (F10, F11), 32(R0)")
	})
	r.p("RET")
}

func (r rows) sumSquares() {
	r.function("sumSquaresNEON(sums *[32]float32, x []float32)", 32)
	r.p("MOVD sums+0(FP), R0\nMOVD x_base+8(FP), R2\nMOVD x_len+16(FP), R1")
	for v := range 8 {
		r.p("movi v%d.4s, #0", v)
	}
	r.p("loop:")
	for v := 0; v < 8; v += 2 {
		r.p("FLDPQ.P 32(R2), (F%d, F%d)", 8+v, 9+v)
		r.both("fmla v%[1]d.4s, v%[2]d.4s, v%[2]d.4s", v, 8+v)
	}
	r.p("SUBS $32, R1\nBGT loop")
	for v := 0; v < 8; v += 2 {
		r.p("FSTPQ (F%d, F%d), %d(R0)", v, v+1, 16*v)
	}
	r.p("RET")
}

func (r rows) norm() {
	r.function("normNEON(dst, x, gain []float32, inverse float32)", 76)
	r.p(`MOVD dst_base+0(FP), R0
		MOVD dst_len+8(FP), R1
		MOVD x_base+24(FP), R2
		MOVD gain_base+48(FP), R3
		FMOVS inverse+72(FP), F31
		dup v31.4s, v31.s[0]`)
	r.each8(func() {
		r.p("FLDPQ.P 32(R2), (F0, F1)\nFLDPQ.P 32(R3), (F2, F3)")
		r.both("fmul v%[1]d.4s, v%[1]d.4s, v31.4s\nfmul v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", 0, 2)
		r.p("FSTPQ.P (F0, F1), 32(R0)")
	})
	r.p("RET")
}

// rotate adds x·cos and the swapped x·sin, whose sign in even lanes V31
// changes. No product is fused with the sum: ref.Rotate rounds it.
func (r rows) rotate() {
	r.function("rotateNEON(x, cos, sin []float32)", 72)
	r.p(`MOVD x_base+0(FP), R0
		MOVD cos_base+24(FP), R2
		MOVD cos_len+32(FP), R1
		MOVD sin_base+48(FP), R3
		MOVD $0x80000000, R4
		VDUP R4, V31.D2`)
	r.each8(func() {
		r.p("FLDPQ (R0), (F0, F1)\nFLDPQ.P 32(R2), (F4, F5)\nFLDPQ.P 32(R3), (F6, F7)")
		r.both("rev64 v%d.4s, v%d.4s", 2, 0)
		r.both("fmul v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", 0, 4)
		r.both("fmul v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", 2, 6)
		r.both("eor v%[1]d.16b, v%[1]d.16b, v31.16b", 2)
		r.both("fadd v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", 0, 2)
		r.p("FSTPQ.P (F0, F1), 32(R0)")
	})
	r.p("RET")
}

func (r rows) prefetch() {
	r.function("prefetchNEON(src []byte)", 24)
	r.p("MOVD src_base+0(FP), R0\nMOVD src_len+8(FP), R1")
	r.p("loop:\nSUBS $64, R1\nBLT end\nPRFM (R0), PLDL2KEEP\nADD $64, R0\nB loop")
	r.p("end:\nRET")
}

// peak runs 24 independent chains of multiply-adds, 4 steps a round.
func (r rows) peak() {
	r.function("peakNEON(rounds int)", 8)
	r.p("MOVD rounds+0(FP), R0\nmovi v31.4s, #0")
	for v := range 24 {
		r.p("movi v%d.4s, #0", v)
	}
	r.p("loop:")
	for i := range 4 * 24 {
		r.p("fmla v%d.4s, v31.4s, v31.4s", i%24)
	}
	r.p("SUBS $1, R0\nBNE loop\nRET")
}

// pause waits in a spin loop. YIELD does nothing on most cores; emptying the
// pipeline takes some ten nanoseconds.
func (r rows) pause() {
	r.function("pause()", 0)
	r.p("ISB $15\nISB $15\nRET")
}
