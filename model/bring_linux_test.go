package model_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/model"
)

// Decoding brings the checkpoint into memory of its own, once and without
// another bit; prompts leave it mapped.
func TestDecodingBringsWeights(t *testing.T) {
	path := tinymodel.New(t, tinymodel.Options{Seed: 1, Layers: 4, FFN: 4096})
	m := open(t, path, model.Options{})
	kv := newKV(t, m, 4)
	defer kv.Close()
	step := func(tokens int) float64 {
		seg := []model.Segment{{Tokens: make([]int32, tokens), Pages: pagesOf(t, kv, tokens), Outputs: []model.Output{{Row: tokens - 1, Target: 1}}}}
		if err := m.Forward(kv, seg); err != nil {
			t.Fatal(err)
		}
		for _, p := range seg[0].Pages {
			kv.Release(p)
		}
		return seg[0].Outputs[0].LogProb
	}
	whole := mappedBytes(t, path)
	for range 10 {
		step(100)
	}
	if n := mappedBytes(t, path); n != whole {
		t.Errorf("prompts leave %d of %d bytes mapped", n, whole)
	}
	first := step(1)
	for range 20 {
		if got := step(1); got != first {
			t.Fatalf("log-probability %v, before %v", got, first)
		}
	}
	if n := mappedBytes(t, path); n > whole/2 {
		t.Errorf("%d of %d bytes are still the file's", n, whole)
	}
}

// mappedBytes counts the addresses that are a file's.
func mappedBytes(t *testing.T, path string) (n uint64) {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		if strings.HasSuffix(strings.TrimSpace(line), path) {
			if _, err := fmt.Sscanf(line, "%x-%x", &from, &to); err != nil {
				t.Fatal(err)
			}
			n += to - from
		}
	}
	return n
}
