package cpu

import "golang.org/x/sys/cpu"

func init() {
	if !cpu.X86.HasAVX512BF16 || !cpu.X86.HasAVX512VNNI {
		avx512.bf16 = nil
	}
}

func available() []*isa {
	x := &cpu.X86
	var sets []*isa
	if x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL && x.HasFMA {
		sets = append(sets, &avx512)
	}
	if x.HasAVX2 && x.HasFMA && x.HasAVX && x.HasOSXSAVE {
		sets = append(sets, &avx2)
	}
	return append(sets, &portable)
}
