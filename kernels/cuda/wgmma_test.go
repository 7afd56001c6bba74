//go:build cuda && linux

package cuda

import (
	"strings"
	"testing"
)

// Products of compute capability 9.0 are used where they have the bits of the
// general ones; where not, or where the driver does not take them, that is said
// once.
func TestWGMMAIsTried(t *testing.T) {
	if all := open(t); !strings.HasPrefix(all.device.Name, "emulator") {
		t.Skip("for the emulator alone")
	}
	for _, c := range []struct {
		setting, value string
		used           bool
		said           string
	}{
		{"", "", true, ""},
		{WGMMA, "0", false, ""},
		{"LLAMAEVAL_EMU_MAJOR", "8", false, ""},
		{"LLAMAEVAL_EMU_MINOR", "1", false, ""},
		{"LLAMAEVAL_EMU_PTX", "78", false, "the kernels for compute capability 9.0 cannot be used, and the general ones are slower: GPU 0: loading kernels multiply_bf16_sm90: the driver is too old"},
		{"LLAMAEVAL_EMU_WGMMA", "0", false, "products by the instructions of compute capability 9.0 differ from those by general ones in "},
	} {
		t.Run(c.setting+c.value, func(t *testing.T) {
			if c.setting != "" {
				t.Setenv(c.setting, c.value)
			}
			var said []string
			b, err := New(0, func(line string) { said = append(said, line) })
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			for range 2 {
				if err := b.Fast(true); err != nil {
					t.Fatal(err)
				}
			}
			if b.wgmma != c.used || len(said) != min(1, len(c.said)) || !strings.HasPrefix(strings.Join(said, ""), c.said) {
				t.Errorf("used %v, said %q", b.wgmma, said)
			}
		})
	}
}
