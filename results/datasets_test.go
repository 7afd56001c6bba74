package results

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

// Runs in folders that are partitions are one dataset, which DuckDB and Polars
// read alike by a glob; a partition may be called as a column is. LLAMAEVAL_PYTHON
// names a Python with both.
func TestRunsAreADataset(t *testing.T) {
	python := os.Getenv("LLAMAEVAL_PYTHON")
	if python == "" {
		if os.Getenv(sharedtest.Required) != "" {
			t.Fatal("LLAMAEVAL_PYTHON is not set")
		}
		t.Skip("LLAMAEVAL_PYTHON is not set")
	}
	root := t.TempDir()
	for i := range 6 {
		model := fmt.Sprint("m", i%2)
		dir := filepath.Join(root, "model="+model, fmt.Sprintf("night=2026-11-%d", 20+i/2), "run")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var rows []Sample
		for id := range 3 {
			r := row("arc", id)
			r.LogLikelihoods = []float64{float64(-i - id), -9}
			rows = append(rows, r)
		}
		if err := WriteSamples(dir, all(rows)); err != nil {
			t.Fatal(err)
		}
		s := scores()
		for k := range s {
			s[k].Model = model
		}
		if err := WriteScores(dir, s); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(python, filepath.Join("testdata", "datasets.py"), root).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	golden(t, "datasets.txt", out)
}
