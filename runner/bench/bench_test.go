package bench

import (
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

// Every test of the contract has a row with a rate and says where its time
// goes.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	r, err := Run(Options{Path: tinymodel.New(t, tinymodel.Options{Seed: 1, Context: 2048}), Threads: 1, Text: []int32{3, 4, 5, 6}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, row := range r.Rows {
		found[row.Test] = true
		if row.GFlops <= 0 || row.Share <= 0 {
			t.Errorf("row %+v", row)
		}
		total := 0.0
		for _, share := range row.Kernels {
			total += share
		}
		if row.Tokens > 0 && (total <= 0 || total > 101) {
			t.Errorf("%s %s: kernels take %.1f%% of the time: %v", row.Test, row.Mode, total, row.Kernels)
		}
	}
	for _, name := range []string{"prefill-512", "prefill-2048", "decode-1", "decode-16", "decode-32"} {
		if !found[name] {
			t.Errorf("no row %s", name)
		}
	}
	if r.Machine.FMA <= 0 || r.Machine.Memory <= 0 || r.Machine.ISA == "" || r.Machine.Cores < 1 {
		t.Errorf("machine %+v", r.Machine)
	}
}
