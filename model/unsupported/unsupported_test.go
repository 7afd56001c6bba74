package unsupported

import (
	"strings"
	"testing"
)

func TestWhy(t *testing.T) {
	for family, want := range map[string]string{
		"qwen2_moe": "a mixture of experts", "qwen2moe": "a mixture of experts", "RWKV-6": "a recurrent state",
		"qwen2_5_vl": "a tower for images", "xlm-roberta": "a decoder", "new": served,
	} {
		if got := Why(family); !strings.Contains(got, want) {
			t.Errorf("%s: %s", family, got)
		}
	}
}

// Each family has one reason, and is found by its name.
func TestFamilies(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kinds {
		for f := range strings.FieldsSeq(k.families) {
			if seen[f] || !strings.Contains(Why(f), k.missing) {
				t.Errorf("%s: twice, or said to be %s", f, Why(f))
			}
			seen[f] = true
		}
	}
}
