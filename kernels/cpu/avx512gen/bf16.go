package main

// VCVTNE2PS2BF16 rounds two registers of floats to nearest even, low first.
func cvt2(f *file, low, high, dst int) {
	f.p("\t%s // VCVTNE2PS2BF16 Z%d, Z%d, Z%d", evex(3, 0x72, low, high, dst), low, high, dst)
}

// narrow writes the conversions to pairs of bfloat16, each in the place of a
// float. In a row of activations a pair is two neighbours; in a panel it is
// the same column of two rows.
func narrow(f *file) {
	f.text("narrowRowBF16", "dst, src []float32", 48)
	f.p("\tMOVQ dst_base+0(FP), DI\n\tMOVQ src_base+24(FP), SI\n\tMOVQ src_len+32(FP), CX")
	f.p("loop:\n\tVMOVUPS (SI), Z0\n\tVMOVUPS 64(SI), Z1")
	cvt2(f, 0, 1, 2)
	f.p("\tVMOVUPS Z2, (DI)\n\tADDQ $128, SI\n\tADDQ $64, DI\n\tSUBQ $32, CX\n\tJG   loop\n\tVZEROUPPER\n\tRET")

	f.text("narrowPanelBF16", "dst, src []float32", 48)
	f.p("\tMOVQ dst_base+0(FP), DI\n\tMOVQ src_base+24(FP), SI\n\tMOVQ src_len+32(FP), CX\n\tVMOVDQU64 ·interleave(SB), Z3")
	f.p("loop:\n\tVMOVUPS (SI), Z0\n\tVMOVUPS 64(SI), Z1")
	cvt2(f, 0, 1, 2)
	f.p("\tVPERMW Z2, Z3, Z2")
	f.p("\tVMOVUPS Z2, (DI)\n\tADDQ $128, SI\n\tADDQ $64, DI\n\tSUBQ $32, CX\n\tJG   loop\n\tVZEROUPPER\n\tRET")
}

// peak writes a loop of 24 independent chains on registers, 10 steps a round.
func peak(f *file, kd kind) {
	f.text("peak"+kd.suffix, "rounds int", 8)
	f.p("\tMOVQ rounds+0(FP), CX")
	for z := 0; z < 24; z++ {
		f.p("\tVPXORD Z%d, Z%d, Z%d", z, z, z)
	}
	f.p("\tVPXORD Z31, Z31, Z31\n\tPCALIGN $32\nloop:")
	for range 10 {
		for z := 0; z < 24; z++ {
			kd.dot(f, 31, 31, z)
		}
	}
	f.p("\tDECQ CX\n\tJNZ  loop\n\tVZEROUPPER\n\tRET")
}
