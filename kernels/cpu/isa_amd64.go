package cpu

import "golang.org/x/sys/cpu"

func available() []*isa {
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasAVX && x.HasOSXSAVE {
		return []*isa{&avx2, &portable}
	}
	return []*isa{&portable}
}
