package results

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

const resultsDocs = "../docs/results.md"

// The queries in the documentation run as they stand. LLAMAEVAL_PYTHON names
// a Python with duckdb.
func TestQueriesInTheDocs(t *testing.T) {
	python := os.Getenv("LLAMAEVAL_PYTHON")
	if python == "" {
		if os.Getenv(sharedtest.Required) != "" {
			t.Fatal("LLAMAEVAL_PYTHON is not set")
		}
		t.Skip("LLAMAEVAL_PYTHON is not set")
	}
	root := t.TempDir()
	for _, name := range []string{"a", "b"} {
		dir := filepath.Join(root, "results", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var rows []Sample
		for i := range 4 {
			choice, math := row("arc_easy", i), row("gsm8k", i)
			choice.LogLikelihoods, choice.TokenLogProbs = []float64{-1.25, -2.5 - float64(i)}, [][]float32{{-0.5, -1}, {}, {-3}}
			choice.Finish, choice.Metrics, math.Metrics["exact_match,strict-match"] = []string{"stop", "stop"}, map[string]float64{"acc": 1}, float64(i%2)
			if name == "b" && i > 2 {
				choice.Metrics["acc"] = 0
			}
			math.LogLikelihoods, math.TokenLogProbs, math.TokenIDs = nil, [][]float32{{-0.25}}, [][]int32{{7}}
			rows = append(rows, choice, math)
		}
		slices.SortFunc(rows, Sample.Compare)
		if err := WriteSamples(dir, all(rows)); err != nil {
			t.Fatal(err)
		}
		s := scores()
		for i := range s {
			s[i].Model = "model " + name
			if name == "a" { // of equal values the best is anyone's
				s[i].Value -= 0.01
			}
		}
		if err := WriteScores(dir, s); err != nil {
			t.Fatal(err)
		}
	}
	docs, err := filepath.Abs(resultsDocs)
	if err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs(filepath.Join("testdata", "queries.py"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, script, docs)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	golden(t, "queries.txt", out)
}

// The documented columns are those of the files, in their order.
func TestSchemasInTheDocs(t *testing.T) {
	docs, err := os.ReadFile(resultsDocs)
	if err != nil {
		t.Fatal(err)
	}
	for heading, schema := range map[string]*parquet.Schema{
		"### samples.parquet": parquet.SchemaOf(new(Sample)), "### scores.parquet": parquet.SchemaOf(new(Score)),
	} {
		_, section, _ := strings.Cut(string(docs), heading)
		section, _, _ = strings.Cut(section, "\n#")
		var documented, columns []string
		for _, row := range regexp.MustCompile(`(?m)^\| ([a-z_, ]+) \| [a-z]`).FindAllStringSubmatch(section, -1) {
			if row[1] != "column" {
				documented = append(documented, strings.Split(row[1], ", ")...)
			}
		}
		for _, f := range schema.Fields() {
			columns = append(columns, f.Name())
		}
		if !slices.Equal(documented, columns) {
			t.Errorf("%s: documented are %q, there are %q", heading, documented, columns)
		}
	}
	if !strings.Contains(string(docs), "Version "+SchemaVersion+", which both Parquet files name in their metadata under `"+SchemaKey+"`") {
		t.Errorf("the documents do not name schema version %s", SchemaVersion)
	}
}

// Both files name their schema's version, and another one is refused.
func TestSchemaVersion(t *testing.T) {
	dir := t.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("t", 0)})); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, SamplesFile)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := parquet.NewGenericWriter[Sample](f, parquet.KeyValueMetadata(SchemaKey, "2"))
	if _, err := w.Write([]Sample{row("t", 0)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = firstError(dir)
	if err == nil || !strings.Contains(err.Error(), "has schema version 2, this program reads version 1") {
		t.Error(err)
	}
	if err := ReadMetrics(dir, false, func(MetricRow) {}); err == nil {
		t.Error("columns of another version were read")
	}
}
