package main

import (
	"fmt"
	"regexp"
	"strconv"
)

// A form is an instruction with registers and numbers taken out. Registers go
// to Rd, Rn and Rm in the order written, the number where place puts it.
type form struct {
	base  uint32
	place func(n uint32) uint32
	last  int // how large the number may be
}

// forms are those the kernels use (Arm Architecture Reference Manual for
// A-profile, chapter C7).
var forms = map[string]form{
	"fadd v.4s, v.4s, v.4s":  {base: 0x4e20d400},
	"fadd v.2d, v.2d, v.2d":  {base: 0x4e60d400},
	"fsub v.4s, v.4s, v.4s":  {base: 0x4ea0d400},
	"fmul v.4s, v.4s, v.4s":  {base: 0x6e20dc00},
	"fdiv v.4s, v.4s, v.4s":  {base: 0x6e20fc00},
	"fmax v.4s, v.4s, v.4s":  {base: 0x4e20f400},
	"fmla v.4s, v.4s, v.4s":  {base: 0x4e20cc00},
	"fcmgt v.4s, v.4s, v.4s": {base: 0x6ea0e400},
	"fneg v.4s, v.4s":        {base: 0x6ea0f800},
	"fmaxv s, v.4s":          {base: 0x6e30f800},
	"faddp s, v.2s":          {base: 0x7e30d800},
	"faddp d, v.2d":          {base: 0x7e70d800},

	"scvtf v.4s, v.4s":  {base: 0x4e21d800},
	"ucvtf v.4s, v.4s":  {base: 0x6e21d800},
	"fcvtl v.4s, v.4h":  {base: 0x0e217800},
	"fcvtl v.2d, v.2s":  {base: 0x0e617800},
	"fcvtl2 v.2d, v.4s": {base: 0x4e617800},

	"add v.4s, v.4s, v.4s":    {base: 0x4ea08400},
	"sub v.4s, v.4s, v.4s":    {base: 0x6ea08400},
	"and v.16b, v.16b, v.16b": {base: 0x4e201c00},
	"bic v.16b, v.16b, v.16b": {base: 0x4e601c00},
	"orr v.16b, v.16b, v.16b": {base: 0x4ea01c00},
	"eor v.16b, v.16b, v.16b": {base: 0x6e201c00},
	"bit v.16b, v.16b, v.16b": {base: 0x6ea01c00},

	"trn1 v.4s, v.4s, v.4s": {base: 0x4e802800},
	"trn2 v.4s, v.4s, v.4s": {base: 0x4e806800},
	"trn1 v.2d, v.2d, v.2d": {base: 0x4ec02800},
	"trn2 v.2d, v.2d, v.2d": {base: 0x4ec06800},
	"rev64 v.4s, v.4s":      {base: 0x4ea00800},
	"xtn v.4h, v.4s":        {base: 0x0e612800},

	"fmla v.4s, v.4s, v.s[#]":    {0x4f801000, func(n uint32) uint32 { return n&1<<21 | n>>1<<11 }, 3},
	"dup v.4s, v.s[#]":           {0x4e040400, func(n uint32) uint32 { return n << 19 }, 3},
	"movi v.4s, #":               {0x4f000400, func(n uint32) uint32 { return n>>5<<16 | n&31<<5 }, 255},
	"ext v.16b, v.16b, v.16b, #": {0x6e000000, func(n uint32) uint32 { return n << 11 }, 15},
	"shl v.4s, v.4s, #":          {0x4f205400, func(n uint32) uint32 { return n << 16 }, 31},
	"ushr v.4s, v.4s, #":         {0x6f000400, func(n uint32) uint32 { return (64 - n) << 16 }, 32},
	"sshr v.4s, v.4s, #":         {0x4f000400, func(n uint32) uint32 { return (64 - n) << 16 }, 32},
	"shrn v.4h, v.4s, #":         {0x0f008400, func(n uint32) uint32 { return (32 - n) << 16 }, 16},
}

// operand is a register, or a number behind # or [.
var operand = regexp.MustCompile(`\b([vsd])(\d+)|(#|\[)(\d+)`)

// encode returns an instruction's 32 bits.
func encode(line string) (uint32, error) {
	var registers []uint32
	number := -1
	key := operand.ReplaceAllStringFunc(line, func(s string) string {
		n, err := strconv.Atoi(s[1:])
		if err != nil {
			return s
		}
		switch s[0] {
		case '#':
			number = n
			return "#"
		case '[':
			number = n
			return "[#"
		}
		registers = append(registers, uint32(n))
		return s[:1]
	})
	f, ok := forms[key]
	if !ok {
		return 0, fmt.Errorf("%q: no form %q; add it to forms", line, key)
	}
	word := f.base
	for i, r := range registers {
		if r > 31 {
			return 0, fmt.Errorf("%q: there is no register %d", line, r)
		}
		word |= r << [...]int{0, 5, 16}[i]
	}
	if f.place != nil {
		if number > f.last {
			return 0, fmt.Errorf("%q: the number may be at most %d", line, f.last)
		}
		word |= f.place(uint32(number))
	}
	return word, nil
}
