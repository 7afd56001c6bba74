package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// One instruction of each form, as LLVM's assembler encodes it.
func TestEncode(t *testing.T) {
	for line, want := range map[string]uint32{
		"fadd v0.4s, v9.4s, v21.4s":        0x4e35d520,
		"fadd v1.2d, v16.2d, v26.2d":       0x4e7ad601,
		"fsub v2.4s, v23.4s, v31.4s":       0x4ebfd6e2,
		"fmul v3.4s, v30.4s, v4.4s":        0x6e24dfc3,
		"fdiv v4.4s, v5.4s, v9.4s":         0x6e29fca4,
		"fmax v5.4s, v12.4s, v14.4s":       0x4e2ef585,
		"fmla v6.4s, v19.4s, v19.4s":       0x4e33ce66,
		"fcmgt v7.4s, v26.4s, v24.4s":      0x6eb8e747,
		"fneg v8.4s, v1.4s":                0x6ea0f828,
		"fmaxv s9, v8.4s":                  0x6e30f909,
		"faddp s10, v15.2s":                0x7e30d9ea,
		"faddp d11, v22.2d":                0x7e70dacb,
		"scvtf v12.4s, v29.4s":             0x4e21dbac,
		"ucvtf v13.4s, v4.4s":              0x6e21d88d,
		"fcvtl v14.4s, v11.4h":             0x0e21796e,
		"fcvtl v15.2d, v18.2s":             0x0e617a4f,
		"fcvtl2 v16.2d, v25.4s":            0x4e617b30,
		"add v17.4s, v0.4s, v10.4s":        0x4eaa8411,
		"sub v18.4s, v7.4s, v15.4s":        0x6eaf84f2,
		"and v19.16b, v14.16b, v20.16b":    0x4e341dd3,
		"bic v20.16b, v21.16b, v25.16b":    0x4e791eb4,
		"orr v21.16b, v28.16b, v30.16b":    0x4ebe1f95,
		"eor v22.16b, v3.16b, v3.16b":      0x6e231c76,
		"bit v23.16b, v10.16b, v8.16b":     0x6ea81d57,
		"trn1 v24.4s, v17.4s, v13.4s":      0x4e8d2a38,
		"trn2 v25.4s, v24.4s, v18.4s":      0x4e926b19,
		"trn1 v26.2d, v31.2d, v23.2d":      0x4ed72bfa,
		"trn2 v27.2d, v6.2d, v28.2d":       0x4edc68db,
		"rev64 v28.4s, v13.4s":             0x4ea009bc,
		"xtn v29.4h, v20.4s":               0x0e612a9d,
		"fmla v30.4s, v27.4s, v11.s[3]":    0x4fab1b7e,
		"dup v31.4s, v2.s[2]":              0x4e14045f,
		"movi v0.4s, #200":                 0x4f060500,
		"ext v1.16b, v16.16b, v26.16b, #8": 0x6e1a4201,
		"shl v2.4s, v23.4s, #23":           0x4f3756e2,
		"ushr v3.4s, v30.4s, #28":          0x6f2407c3,
		"sshr v4.4s, v5.4s, #24":           0x4f2804a4,
		"shrn v5.4h, v12.4s, #16":          0x0f108585,
	} {
		if got, err := encode(line); err != nil || got != want {
			t.Errorf("%s: %#08x, %v; want %#08x", line, got, err, want)
		}
	}
}

func TestEncodeRefuses(t *testing.T) {
	for _, line := range []string{
		"fmla v0.2d, v1.2d, v2.2d", "nop", "fadd v0.4s, v32.4s, v1.4s", "shl v0.4s, v1.4s, #32", "fmla v0.4s, v1.4s, v2.s[4]",
	} {
		if word, err := encode(line); err == nil {
			t.Errorf("%s became %#08x", line, word)
		}
	}
}

func TestCommittedFilesAreWhatIsGenerated(t *testing.T) {
	for name, want := range files() {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(bytes.ReplaceAll(got, []byte("\r\n"), []byte("\n")), want) {
			t.Errorf("%s is not what this program writes; run go generate ./kernels/...", name)
		}
	}
}
