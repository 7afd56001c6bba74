package main

// formats lists the types that have kernels of their own, after ggml's block
// layouts (ggml-common.h); kernels/quant says what each value is.
var formats = []format{
	{
		name: "F32", weights: 4, bytes: 16, groups: []int{0}, constants: none, scales: noScales,
		widen: func(f *file, r registers, k, dst int) { f.p("\tVMOVDQA64 Z%d, Z%d", r.word(k), dst) },
	},
	{
		name: "F16", weights: 8, bytes: 16, groups: []int{0}, constants: none, scales: noScales,
		widen: func(f *file, r registers, k, dst int) {
			word := r.word(k / 2)
			if k%2 == 1 {
				f.p("\tVPSRLD $16, Z%d, Z%d", word, dst)
				word = dst
			}
			half(f, word, dst)
		},
	},
	{
		name: "BF16", weights: 8, bytes: 16, groups: []int{0}, scales: noScales,
		constants: func(f *file) { f.p("\tVPBROADCASTD ·upperHalf(SB), Z%d", constA) },
		widen: func(f *file, r registers, k, dst int) {
			if k%2 == 0 {
				f.p("\tVPSLLD $16, Z%d, Z%d", r.word(k/2), dst)
			} else {
				f.p("\tVPANDD Z%d, Z%d, Z%d", constA, r.word(k/2), dst)
			}
		},
	},
	{
		name: "Q4_0", weights: 32, bytes: 18, groups: []int{2}, scales: oneScale,
		constants: func(f *file) { f.p("\tVMOVUPS ·signedNibbles(SB), Z%d", constA) },
		widen:     scaledNibble,
	},
	{
		name: "IQ4_NL", weights: 32, bytes: 18, groups: []int{2}, scales: oneScale,
		constants: func(f *file) { f.p("\tVMOVUPS ·codebook(SB), Z%d", constA) },
		widen:     scaledNibble,
	},
	{
		name: "Q4_1", weights: 32, bytes: 20, groups: []int{4},
		constants: func(f *file) { f.p("\tVMOVUPS ·nibbles(SB), Z%d", constA) },
		scales: func(f *file, r registers) {
			dwords(f, 0, r.d)
			f.p("\tVPSRLD $16, Z%d, Z%d", r.d, r.m)
			half(f, r.d, r.d)
			half(f, r.m, r.m)
		},
		widen: func(f *file, r registers, k, dst int) {
			nibble(f, r, k, dst)
			f.p("\tVFMADD213PS Z%d, Z%d, Z%d", r.m, r.d, dst)
		},
	},
	{
		name: "Q8_0", weights: 32, bytes: 34, groups: []int{2, 18}, constants: none, scales: oneScale,
		widen: func(f *file, r registers, k, dst int) {
			word := r.word(k / 4)
			if shift := 24 - 8*(k%4); shift > 0 {
				f.p("\tVPSLLD $%d, Z%d, Z%d", shift, word, dst)
				word = dst
			}
			f.p("\tVPSRAD $24, Z%d, Z%d\n\tVCVTDQ2PS Z%d, Z%d", word, dst, dst, dst)
			f.p("\tVMULPS Z%d, Z%d, Z%d", r.d, dst, dst)
		},
	},
}

func none(*file)                {}
func noScales(*file, registers) {}

// oneScale is a binary16 at the beginning of the block.
func oneScale(f *file, r registers) {
	dwords(f, 0, r.d)
	half(f, r.d, r.d)
}

// nibble looks 4 bits up in a table of floats: VPERMPS ignores the bits above.
func nibble(f *file, r registers, k, dst int) {
	word := r.word(k % 16 / 4)
	if shift := 8*(k%4) + 4*(k/16); shift > 0 {
		f.p("\tVPSRLD $%d, Z%d, Z%d", shift, word, dst)
		word = dst
	}
	f.p("\tVPERMPS Z%d, Z%d, Z%d", constA, word, dst)
}

func scaledNibble(f *file, r registers, k, dst int) {
	nibble(f, r, k, dst)
	f.p("\tVMULPS Z%d, Z%d, Z%d", r.d, dst, dst)
}
