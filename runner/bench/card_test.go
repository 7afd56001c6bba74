//go:build cuda && linux

package bench

import (
	"os"
	"testing"

	"github.com/llamaeval/llamaeval/kernels/cuda"
)

func TestMeasureCard(t *testing.T) {
	if err := cuda.Available(); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_CUDA") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	r, work, err := measureCard("cuda:0", func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != 2*len(work.shapes) || r.Machine.Device == "" || r.Machine.Memory <= 0 {
		t.Errorf("%+v", r)
	}
	for _, row := range r.Rows {
		if row.GFlops <= 0 || row.Share <= 0 {
			t.Errorf("row %+v", row)
		}
	}
}
