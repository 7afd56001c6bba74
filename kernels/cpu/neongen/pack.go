package main

// Each packer widens eight rows of weights to float32 and writes them
// transposed: weight k of row r goes to dst[16k+r]. Two calls fill a panel of
// 16 rows. R0 is dst, R9 dst 16 weights on, R1 to R8 are the rows, R10 counts
// blocks.
type packers struct{ *listing }

func writePackers(l *listing) {
	p := packers{l}
	p.packF32()
	p.packBF16()
	p.packF16()
	p.packQ8_0()
	p.packQ4_0()
	p.packQ4_1()
}

// packer writes one function: prepare is done once, body for each block of
// that many bytes and weights.
func (p packers) packer(name, prepare string, bytes, weights int, body func()) {
	p.function("pack"+name+"NEON(dst []float32, src []byte, stride, blocks, ahead int)", 72)
	p.p(`MOVD dst_base+0(FP), R0
		MOVD src_base+24(FP), R1
		MOVD stride+48(FP), R11
		MOVD blocks+56(FP), R10`)
	for r := 2; r <= 8; r++ {
		p.p("ADD R11, R%d, R%d", r-1, r)
	}
	p.p("%s", prepare)
	p.p("loop:")
	if weights > 16 {
		p.p("ADD $1024, R0, R9")
	}
	body()
	for r := 1; r <= 8; r++ {
		p.p("ADD $%d, R%d", bytes, r)
	}
	p.p("ADD $%d, R0\nSUBS $1, R10\nBNE loop\nRET", 64*weights)
}

// words reads 16 bytes at disp of every row and transposes them: 32-bit word
// w of rows 0 to 3 comes to V(w), of rows 4 to 7 to V(4+w). Changes V16 to V19.
func (p packers) words(disp int) {
	for r := range 8 {
		p.p("FMOVQ %d(R%d), F%d", disp, 1+r, r)
	}
	for v := 0; v < 8; v += 4 {
		p.p(`trn1 v16.4s, v%[1]d.4s, v%[2]d.4s
			trn2 v17.4s, v%[1]d.4s, v%[2]d.4s
			trn1 v18.4s, v%[3]d.4s, v%[4]d.4s
			trn2 v19.4s, v%[3]d.4s, v%[4]d.4s
			trn1 v%[1]d.2d, v16.2d, v18.2d
			trn1 v%[2]d.2d, v17.2d, v19.2d
			trn2 v%[3]d.2d, v16.2d, v18.2d
			trn2 v%[4]d.2d, v17.2d, v19.2d`, v, v+1, v+2, v+3)
	}
}

// store writes weight k of all rows from two registers.
func (p packers) store(k, first, second int) {
	p.p("FSTPQ (F%d, F%d), %d(R%d)", first, second, k%16*64, k/16*9)
}

// scales sets V24 and V25 to the binary16 that begins each row's block.
func (p packers) scales() {
	for r := range 8 {
		p.p("VLD1 (R%d), V%d.H[%d]", 1+r, 24+r/4, r%4)
	}
	p.p("fcvtl v24.4s, v24.4h\nfcvtl v25.4s, v25.4h")
}

func (p packers) packF32() {
	p.packer("F32", "", 16, 4, func() {
		p.words(0)
		for w := range 4 {
			p.store(w, w, 4+w)
		}
	})
}

// packBF16: a word of row data holds two bfloat16: the upper one is a float32
// once the lower is cleared.
func (p packers) packBF16() {
	p.packer("BF16", "MOVW $0xffff0000, R12\nVDUP R12, V31.S4", 16, 8, func() {
		p.words(0)
		for w := range 4 {
			for half := range 2 {
				p.p("shl v%d.4s, v%d.4s, #16", 20+half, w+4*half)
				p.p("and v%d.16b, v%d.16b, v31.16b", 22+half, w+4*half)
			}
			p.store(2*w, 20, 21)
			p.store(2*w+1, 22, 23)
		}
	})
}

func (p packers) packF16() {
	p.packer("F16", "", 16, 8, func() {
		p.words(0)
		for w := range 4 {
			for half := range 2 {
				p.p("xtn v%d.4h, v%d.4s", 20+half, w+4*half)
				p.p("shrn v%d.4h, v%d.4s, #16", 22+half, w+4*half)
			}
			for v := 20; v < 24; v++ {
				p.p("fcvtl v%[1]d.4s, v%[1]d.4h", v)
			}
			p.store(2*w, 20, 21)
			p.store(2*w+1, 22, 23)
		}
	})
}

// packQ8_0: w = d·q.
func (p packers) packQ8_0() {
	p.packer("Q8_0", "", 34, 32, func() {
		p.scales()
		for part := range 2 {
			p.words(2 + 16*part)
			for k := range 16 {
				for half := range 2 {
					v, word := 20+2*(k%2)+half, k/4+4*half
					if shift := 24 - k%4*8; shift > 0 {
						p.p("shl v%d.4s, v%d.4s, #%d", v, word, shift)
						word = v
					}
					p.p("sshr v%d.4s, v%d.4s, #24", v, word)
					p.p("scvtf v%[1]d.4s, v%[1]d.4s\nfmul v%[1]d.4s, v%[1]d.4s, v%[2]d.4s", v, 24+half)
				}
				p.store(16*part+k, 20+k%2*2, 21+k%2*2)
			}
		}
	})
}

// nibbles unpacks a block of nibbles: do turns the integers of four rows in a
// register into weights and says in which register these are.
func (p packers) nibbles(disp int, do func(v, half int) int) {
	p.words(disp)
	for i := range 32 {
		shift := i % 8 * 4
		var weights [2]int
		for half := range 2 {
			v, word := 20+2*(i%2)+half, i/8+4*half
			if shift > 0 {
				p.p("ushr v%d.4s, v%d.4s, #%d", v, word, shift)
				word = v
			}
			if shift < 28 {
				p.p("and v%d.16b, v%d.16b, v31.16b", v, word)
			}
			weights[half] = do(v, half)
		}
		// A byte's low nibble is weight j, its high one weight j+16.
		p.store(i/2+i%2*16, weights[0], weights[1])
	}
}

// packQ4_0: w = d·(q-8).
func (p packers) packQ4_0() {
	p.packer("Q4_0", "movi v31.4s, #15\nmovi v30.4s, #8", 18, 32, func() {
		p.scales()
		p.nibbles(2, func(v, half int) int {
			p.p(`sub v%[1]d.4s, v%[1]d.4s, v30.4s
				scvtf v%[1]d.4s, v%[1]d.4s
				fmul v%[1]d.4s, v%[1]d.4s, v%[2]d.4s`, v, 24+half)
			return v
		})
	})
}

// packQ4_1: w = d·q + m. A block begins with both, in one word.
func (p packers) packQ4_1() {
	p.packer("Q4_1", "movi v31.4s, #15", 20, 32, func() {
		for r := range 8 {
			p.p("VLD1 (R%d), V%d.S[%d]", 1+r, 26+r/4, r%4)
		}
		for half := range 2 {
			p.p(`xtn v%[1]d.4h, v%[2]d.4s
				shrn v%[2]d.4h, v%[2]d.4s, #16
				fcvtl v%[1]d.4s, v%[1]d.4h
				fcvtl v%[2]d.4s, v%[2]d.4h`, 24+half, 26+half)
		}
		p.nibbles(4, func(v, half int) int {
			sum := v - 4
			p.p(`ucvtf v%[1]d.4s, v%[1]d.4s
				orr v%[2]d.16b, v%[4]d.16b, v%[4]d.16b
				fmla v%[2]d.4s, v%[1]d.4s, v%[3]d.4s`, v, sum, 24+half, 26+half)
			return sum
		})
	})
}
