package main

import "fmt"

// Mode fast multiplies k-quants as integers: activations are rounded to bytes
// (ref.RoundBytes), and each step's bytes are multiplied four at a time.
//
// A packer leaves for each superblock of 16 rows, in vectors with a row in each
// lane: for each pair of steps their bytes, four a lane, and the scales as
// integers; then the minima, and the factors of both, as floats. The steps of a
// pair may share scale and minimum.

// stages is how many scales a pair of steps has.
func (t superformat) stages() int {
	if t.name == "Q4_K" || t.name == "Q5_K" {
		return 1
	}
	return 2
}

const superPairs = superSteps / 2

// pairVectors is how many vectors a pair has, integerVectors a superblock.
func pairVectors(stages int) int { return 8 + stages }

func integerVectors(stages int) int { return superPairs*(pairVectors(stages)+stages) + 2 }

// minimum i and the factors, of which the first is the scales'.
func minimumAt(stages, i int) int { return superPairs*pairVectors(stages) + i }
func factorAt(stages, i int) int  { return integerVectors(stages) - 2 + i }

// A pair of steps of activations: bytes, their scale, and the sums of each step
// and of both, times the scale.
const (
	scaleOfPair = 32
	sumsOfSteps = 36
	sumOfPair   = 44
	bytePair    = 48
)

// sumAt is where in a pair the sum stands that minimum i is multiplied with.
func sumAt(stages, i int) int {
	if stages == 1 {
		return i*bytePair + sumOfPair
	}
	return i/2*bytePair + sumsOfSteps + i%2*4
}

// packIntegers writes a packer of superblocks.
func packIntegers(f *file, t superformat) {
	stages := t.stages()
	store := func(z, vector int) { f.p("\tVMOVDQU64 Z%d, %d(DI)", z, 64*vector) }
	f.text("packIntegers"+t.name, "dst, src []byte, stride, blocks, ahead int", 72)
	f.p("\tMOVQ dst_base+0(FP), DI\n\tMOVQ src_base+24(FP), R11\n\tMOVQ stride+48(FP), R9\n\tMOVQ blocks+56(FP), CX")
	strides(f)
	f.p("\tLEAQ (R11)(R9*8), R12\n\tMOVQ ahead+64(FP), BX\n\tADDQ R11, BX")
	f.p("\tPCALIGN $32\nloop:")
	t.scales(f, superWords, func(x int, what scaleOrMinimum, steps ...int) {
		i := steps[0] * stages / 2 // of the scales and minima that are kept
		if what == scale {
			store(x, i/stages*pairVectors(stages)+8+i%stages)
		}
		if what == minimum || !t.minima {
			f.p("\tVCVTDQ2PS Z%d, Z%d", x, x)
			store(x, minimumAt(stages, i))
		}
	})
	t.factors(f)
	store(superWords.d, factorAt(stages, 0))
	store(superWords.m, factorAt(stages, 1))
	t.integers(f, func(step, j, word int) { store(word, step/2*pairVectors(stages)+step%2*4+j) })
	f.p("\tADDQ $%d, R11\n\tADDQ $%d, R12\n\tADDQ $%d, DI\n\tDECQ CX\n\tJNZ  loop", t.bytes, t.bytes, 64*integerVectors(stages))
	f.p("\tVZEROUPPER\n\tRET")
}

// factors sets the factor of minima where a type has none of its own.
func (t superformat) factors(f *file) {
	if !t.minima {
		f.p("\tVMULPS.BCST ·%s(SB), Z%d, Z%d", t.more, superWords.d, superWords.m)
	}
}

// integers calls do for each register with values of a step, while what is
// read next is fetched.
func (t superformat) integers(f *file, do func(step, j, word int)) {
	done, ahead := 0, fetch{"PREFETCHT0", "BX", 16 * t.bytes, superSteps}
	t.table, t.less = "", ""
	t.eachStep(f, func(s int) {
		ahead.step(f, done)
		done++
		t.eachWord(f, s, func(j, word int) { do(s, j, word) })
	})
	ahead.end(f)
}

// integerRow writes a kernel for one row of a and one panel, whose integers
// never leave the registers. It ends as a tile does, see tile.
func integerRow(f *file, t superformat) {
	const chain, values, minima = 26, 27, 28
	stages := t.stages()
	part := func(step int) int { return step * stages / 2 }
	f.text("integerRow"+t.name, "c []float32, a, src []byte, stride, blocks, ahead, mode int", 104)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ a_base+24(FP), DX\n\tMOVQ src_base+48(FP), R11\n\tMOVQ stride+72(FP), R9")
	f.p("\tMOVQ blocks+80(FP), CX\n\tMOVQ ahead+88(FP), BX\n\tMOVQ mode+96(FP), AX")
	strides(f)
	f.p("\tLEAQ (R11)(R9*8), R12\n\tADDQ R11, BX")
	zero(f, chain)
	f.p("\tPCALIGN $32\nloop:")
	for z := range superPairs * stages {
		zero(f, z)
	}
	zero(f, values)
	zero(f, minima)
	t.integers(f, func(step, j, word int) {
		f.p("\tVPDPBUSD.BCST %d(DX), Z%d, Z%d", step/2*bytePair+step%2*16+4*j, word, part(step))
	})
	t.scales(f, superWords, func(x int, what scaleOrMinimum, steps ...int) {
		i := part(steps[0])
		if what == scale {
			f.p("\tVPMULLD Z%d, Z%d, Z%d\n\tVCVTDQ2PS Z%d, Z%d", x, i, i, i, i)
			f.p("\tVFMADD231PS.BCST %d(DX), Z%d, Z%d", i/stages*bytePair+scaleOfPair, i, values)
		}
		if what == minimum || !t.minima {
			f.p("\tVCVTDQ2PS Z%d, Z%d\n\tVFMADD231PS.BCST %d(DX), Z%d, Z%d", x, x, sumAt(stages, i), x, minima)
		}
	})
	t.factors(f)
	f.p("\tVFMADD231PS Z%d, Z%d, Z%d\n\tVFNMADD231PS Z%d, Z%d, Z%d", values, superWords.d, chain, minima, superWords.m, chain)
	f.p("\tADDQ $%d, R11\n\tADDQ $%d, R12\n\tADDQ $%d, DX\n\tDECQ CX\n\tJNZ  loop", t.bytes, t.bytes, superPairs*bytePair)
	f.p("\tTESTQ $2, AX\n\tJZ   store\n\tVADDPS (DI), Z%d, Z%d\nstore:\n\tVMOVUPS Z%d, (DI)\n\tVZEROUPPER\n\tRET", chain, chain, chain)
}

func zero(f *file, z int) { f.p("\tVPXORD Z%d, Z%d, Z%d", z, z, z) }

// integerShapes lists rows and panels of each tile: of two vectors for an
// output, sums of a pair and of the superblock, as many as registers hold.
var integerShapes = [][2]int{{1, 1}, {1, 2}, {2, 1}, {2, 2}, {3, 1}, {3, 2}, {4, 1}, {4, 2}, {5, 1}, {5, 2}, {6, 1}, {6, 2}}

// integerTile adds to c what superblocks of panels and of rows of a give. The
// rows are lda bytes apart, the panels `panel`; in c panels lie side by side.
func integerTile(f *file, rows, panels, stages int) {
	f.text(fmt.Sprintf("integers%dx%dStages%d", rows, panels, stages), "c []float32, ldc int, a []byte, lda int, b []byte, panel, blocks int", 104)
	f.p("\tMOVQ c_base+0(FP), DI\n\tMOVQ ldc+24(FP), SI\n\tMOVQ a_base+32(FP), R8\n\tMOVQ lda+56(FP), R9")
	f.p("\tMOVQ b_base+64(FP), R10\n\tMOVQ panel+88(FP), R12\n\tMOVQ blocks+96(FP), CX\n\tSHLQ $2, SI")
	f.p("\tLEAQ (R9)(R9*2), R13\n\tADDQ R8, R13")
	n := rows * panels
	weights, x := 2*n, 2*n+panels
	each := func(do func(r, p, sum, part int)) {
		for r := range rows {
			for p := range panels {
				do(r, p, r*panels+p, n+r*panels+p)
			}
		}
	}
	load := func(base string, vector int) {
		for p := range panels {
			f.p("\tVMOVDQU64 %d(%s)%s, Z%d", 64*vector, base, []string{"", "(R12*1)"}[p], weights+p)
		}
	}
	// scaled adds the parts, times the rows' floats at disp, to the sums.
	scaled := func(disp int, factor func(p, part int) int) {
		each(func(r, p, sum, part int) {
			f.p("\tVFMADD231PS.BCST %d%s, Z%d, Z%d", disp, aRow[r], factor(p, part), sum)
		})
	}
	clear := func() { each(func(_, _, sum, _ int) { zero(f, sum) }) }
	// add gives c what the sums are, times a factor.
	add := func(factor int, op string) {
		load("R10", factorAt(stages, factor))
		f.p("\tMOVQ DI, DX")
		each(func(r, p, sum, _ int) {
			f.p("\tVMOVUPS %d(DX), Z%d\n\t%s Z%d, Z%d, Z%d\n\tVMOVUPS Z%d, %d(DX)", 64*p, x, op, weights+p, sum, x, x, 64*p)
			if p+1 == panels && r+1 < rows {
				f.p("\tADDQ SI, DX")
			}
		})
	}

	f.p("\tPCALIGN $32\nblock:")
	clear()
	f.p("\tMOVQ R10, R11\n\tMOVQ $%d, BX\n\tPCALIGN $32\npair:", superPairs)
	for stage := range stages {
		steps := 2 / stages
		each(func(_, _, _, part int) { zero(f, part) })
		for w := range 4 * steps {
			load("R11", 4*steps*stage+w)
			for r := range rows {
				f.p("\tVPBROADCASTD %d%s, Z%d", 16*steps*stage+4*w, aRow[r], x)
				for p := range panels {
					f.p("\tVPDPBUSD Z%d, Z%d, Z%d", x, weights+p, n+r*panels+p)
				}
			}
		}
		load("R11", 8+stage)
		each(func(_, p, _, part int) {
			f.p("\tVPMULLD Z%d, Z%d, Z%d\n\tVCVTDQ2PS Z%d, Z%d", weights+p, part, part, part, part)
		})
		scaled(scaleOfPair, func(_, part int) int { return part })
	}
	f.p("\tADDQ $%d, R11\n\tADDQ $%d, R8\n\tADDQ $%d, R13\n\tDECQ BX\n\tJNZ  pair", 64*pairVectors(stages), bytePair, bytePair)
	add(0, "VFMADD231PS")

	clear()
	for i := range superPairs * stages { // R8 stands behind the pairs
		load("R10", minimumAt(stages, i))
		scaled(sumAt(stages, i)-superPairs*bytePair, func(p, _ int) int { return weights + p })
	}
	add(1, "VFNMADD231PS")
	f.p("\tADDQ $%d, R10\n\tDECQ CX\n\tJNZ  block\n\tVZEROUPPER\n\tRET", 64*integerVectors(stages))
}

// roundBytes writes the rounding of activations, see ref.RoundBytes, to pairs.
func roundBytes(f *file) {
	const magnitude, signs, bias, none, largest, x, scale, inverse, keep, most = 16, 17, 18, 19, 20, 21, 22, 23, 24, 25
	constant := func(z int, bits uint32) { f.p("\tMOVL $0x%x, AX\n\tVPBROADCASTD AX, Z%d", bits, z) }
	f.text("roundBytesAVX512", "dst []byte, src []float32", 48)
	f.p("\tMOVQ dst_base+0(FP), DI\n\tMOVQ src_base+24(FP), SI\n\tMOVQ src_len+32(FP), CX")
	constant(magnitude, 0x7fffffff)
	constant(signs, 0x80808080)
	constant(bias, 16*128)
	constant(most, 0x42fe0000) // 127.0
	zero(f, none)
	f.p("\tMOVL $0x7fc00000, BX\nloop:\n\tVPANDD (SI), Z%d, Z%d\n\tVPANDD 64(SI), Z%d, Z%d", magnitude, largest, magnitude, x)
	f.p("\tVPMAXUD Z%d, Z%d, Z%d\n\tVEXTRACTI64X4 $1, Z%d, Y%d", x, largest, largest, largest, x)
	f.p("\tVPMAXUD Y%d, Y%d, Y%d\n\tVEXTRACTI32X4 $1, Y%d, X%d\n\tVPMAXUD X%d, X%d, X%d", x, largest, largest, largest, x, x, largest, largest)
	for _, shuffle := range []int{0x4e, 0xb1} {
		f.p("\tVPSHUFD $0x%x, X%d, X%d\n\tVPMAXUD X%d, X%d, X%d", shuffle, largest, x, x, largest, largest)
	}
	f.p("\tVMOVD X%d, AX", largest)
	zero(f, scale)
	zero(f, inverse)
	zero(f, keep)
	f.p("\tCMPL AX, $0x7f800000\n\tJCC  infinite\n\tCMPL AX, $0x%x\n\tJCS  scaled", 7<<23)
	f.p("\tVDIVSS X%d, X%d, X%d\n\tVDIVSS X%d, X%d, X%d\n\tVBROADCASTSS X%d, Z%d", most, largest, scale, largest, most, inverse, inverse, inverse)
	f.p("\tVPTERNLOGD $0xff, Z%d, Z%d, Z%d\n\tJMP  scaled\ninfinite:\n\tVMOVD BX, X%d", keep, keep, keep, scale)
	f.p("scaled:\n\tVMOVD X%d, %d(DI)\n\tVBROADCASTSS X%d, X%d", scale, scaleOfPair, scale, scale)
	for i := range 2 {
		f.p("\tVMULPS %d(SI), Z%d, Z%d\n\tVCVTPS2DQ Z%d, Z%d\n\tVPANDD Z%d, Z%d, Z%d", 64*i, inverse, i, i, i, keep, i, i)
		f.p("\tVPMOVSDB Z%d, X%d\n\tVMOVDQU32 X%d, %d(DI)", i, i, i, 16*i)
		// The sum of 16 bytes, made positive meanwhile.
		f.p("\tVPXORD X%d, X%d, X%d\n\tVPSADBW X%d, X%d, X%d\n\tVPSHUFD $0x4e, X%d, X%d", signs, i, i, none, i, i, i, x)
		f.p("\tVPADDD X%d, X%d, X%d\n\tVPSUBD X%d, X%d, X%d", x, i, i, bias, i, i)
	}
	f.p("\tVPADDD X0, X1, X2")
	for i := range 3 {
		f.p("\tVCVTDQ2PS X%d, X%d\n\tVMULSS X%d, X%d, X%d\n\tVMOVSS X%d, %d(DI)", i, i, scale, i, i, i, sumsOfSteps+4*i)
	}
	f.p("\tADDQ $128, SI\n\tADDQ $%d, DI\n\tSUBQ $32, CX\n\tJGT  loop\n\tVZEROUPPER\n\tRET", bytePair)
}
