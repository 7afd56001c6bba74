package results

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/llamaeval/llamaeval/internal/bounded"
)

// The columns alone say what whole rows say, across row groups too.
func TestReadMetrics(t *testing.T) {
	dir := t.TempDir()
	text := rapid.StringN(0, 5, -1)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.SampledFrom([]int{0, 1, 7, rowsPerGroup + 3}).Draw(rt, "n")
		var rows []Sample
		shared := rapid.MapOfN(text, rapid.Float64(), 0, 3).Draw(rt, "metrics")
		for i := range n {
			s := Sample{Task: "t", DocID: int32(i), Cluster: []string{"", "a", "b"}[i%3]}
			if i%4 != 0 {
				s.Metrics = shared
			}
			rows = append(rows, s)
		}
		if err := WriteSamples(dir, all(rows)); err != nil {
			rt.Fatal(err)
		}
		clusters := rapid.Bool().Draw(rt, "clusters")
		i := 0
		err := ReadMetrics(dir, clusters, func(r MetricRow) {
			want := rows[i]
			i++
			got := map[string]float64{}
			for _, m := range r.Metrics {
				got[m.Key] = m.Value
			}
			if !clusters {
				want.Cluster = ""
			}
			if r.Task != want.Task || r.DocID != want.DocID || r.Cluster != want.Cluster || len(got) != len(want.Metrics) || !cmp.Equal(got, maps.Clone(want.Metrics), sameRows) {
				rt.Fatalf("row %d: %+v, want %+v", i-1, r, want)
			}
		})
		if err != nil || i != n {
			rt.Fatal(i, err)
		}
	})
}

// A column of long texts has several pages.
func TestReadMetricsOfManyPages(t *testing.T) {
	dir := t.TempDir()
	const n = 1500
	cluster := func(i int) string { return strconv.Itoa(i) + strings.Repeat("x", 2000) }
	var rows []Sample
	for i := range n {
		rows = append(rows, Sample{Task: "t", DocID: int32(i), Cluster: cluster(i)})
	}
	if err := WriteSamples(dir, all(rows)); err != nil {
		t.Fatal(err)
	}
	i := 0
	err := ReadMetrics(dir, true, func(r MetricRow) {
		if int(r.DocID) != i || r.Cluster != cluster(i) {
			t.Fatalf("row %d: document %d, cluster %.10q", i, r.DocID, r.Cluster)
		}
		i++
	})
	if err != nil || i != n {
		t.Error(i, err)
	}
}

// FuzzReadMetrics: whatever lies on disk, reading ends with rows or an error.
func FuzzReadMetrics(f *testing.F) {
	dir := f.TempDir()
	if err := WriteSamples(dir, all([]Sample{row("t", 0), row("u", 1)})); err != nil {
		f.Fatal(err)
	}
	path := filepath.Join(dir, SamplesFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-8])
	f.Fuzz(func(t *testing.T, data []byte) {
		bounded.Run(t, 1<<30, func() {
			if err := os.WriteFile(path, data, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := ReadMetrics(dir, true, func(MetricRow) {}); err != nil {
				bounded.Error(t, err)
			}
		})
	})
}
