package leaderboard

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
)

// manyRuns writes runs below one root: two tasks of 100 documents, graded and
// in clusters, or right and wrong.
func manyRuns(t testing.TB, root string, n int) {
	r := rand.New(rand.NewPCG(1, 1))
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprint("passage ", i/4)
	}
	for run := range n {
		f := fake{model: fmt.Sprintf("model %05d", run)}
		graded, binary := make([]float64, 100), make([]float64, 100)
		for i := range graded {
			graded[i] = float64(r.IntN(20)+10*run/n) / 30
			if r.IntN(2*n) < n/2+run/2 {
				binary[i] = 1
			}
		}
		f.tasks = []fakeTask{{name: "binary", outcomes: binary}, {name: "graded", outcomes: graded, clusters: names}}
		from := f.write(t, fmt.Sprint("run", run))
		if err := os.Rename(from, filepath.Join(root, fmt.Sprintf("run-%05d", run))); err != nil {
			t.Fatal(err)
		}
	}
}

func text(t testing.TB, root string) (string, Board) {
	t.Helper()
	board, err := Build([]string{root}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := board.Write(&b, "json"); err != nil {
		t.Fatal(err)
	}
	return b.String(), board
}

// A leaderboard is the same whether an index was there, was stale, or not.
func TestIndex(t *testing.T) {
	root := t.TempDir()
	manyRuns(t, root, 230)
	direct, board := text(t, root)
	ranked := 0
	for _, row := range board.Sections[0].Rows {
		if row.Cells[0].Rank > 0 {
			ranked++
		}
	}
	if ranked == 0 || ranked > most {
		t.Errorf("%d runs of 230 are ranked", ranked)
	}
	var table bytes.Buffer
	if err := board.Write(&table, "table"); err != nil || !strings.Contains(table.String(), "of 230 runs by value are ranked") {
		t.Errorf("no note of the unranked: %v", err)
	}
	if runs, read, err := results.WriteIndex(root); runs != 230 || read != 230 || err != nil {
		t.Fatal(runs, read, err)
	}
	if indexed, b := text(t, root); indexed != direct || len(b.Notices) > 0 {
		t.Error("the index changes the leaderboard", b.Notices)
	}
	if _, read, err := results.WriteIndex(root); read != 0 || err != nil {
		t.Error(read, err)
	}
	// A run that is new, and one that is another.
	manyRuns(t, filepath.Join(root), 0)
	f := fake{model: "new", tasks: []fakeTask{{name: "binary", outcomes: right(99, 100)}}}
	for _, name := range []string{"new", "run-00007"} {
		if err := os.RemoveAll(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(f.write(t, name), filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	stale, b := text(t, root)
	if len(b.Notices) != 1 {
		t.Error(b.Notices)
	}
	if _, read, err := results.WriteIndex(root); read != 2 || err != nil {
		t.Error(read, err)
	}
	if fresh, b := text(t, root); fresh != stale || len(b.Notices) > 0 {
		t.Error("a stale index changes the leaderboard", b.Notices)
	}
}

// compared is `compare` of one run against all.
func compared(t testing.TB, root string) string {
	t.Helper()
	entries, _, err := results.Collect(root)
	if err != nil {
		t.Fatal(err)
	}
	report, err := compare.Many(entries[0], entries[1:])
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Write(&b, "json"); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Comparing many runs is comparing each, with and without an index.
func TestCompareMany(t *testing.T) {
	root := t.TempDir()
	manyRuns(t, root, 12)
	fourth := fake{model: "perplexity", tasks: []fakeTask{
		{name: "binary", outcomes: append(right(50, 99), math.NaN())},
		{name: "words", metric: "perplexity", lower: true, outcomes: []float64{-1, -2, -3}, weights: []float64{1, 2, 3}},
	}}
	if err := os.Rename(fourth.write(t, "other"), filepath.Join(root, "other")); err != nil {
		t.Fatal(err)
	}
	direct := compared(t, root)
	if _, _, err := results.WriteIndex(root); err != nil {
		t.Fatal(err)
	}
	if indexed := compared(t, root); indexed != direct {
		t.Errorf("through the index:\n%s\nwithout:\n%s", indexed, direct)
	}
	files, err := filepath.Glob(filepath.Join(root, "*", results.RunFile))
	if err != nil {
		t.Fatal(err)
	}
	var runs []*compare.Run
	for _, file := range files {
		r, err := compare.Load(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, r)
	}
	var one bytes.Buffer
	if err := compare.Compare(runs[0], runs[1:]...).Write(&one, "json"); err != nil || one.String() != direct {
		t.Errorf("%v: one by one:\n%s\nmany:\n%s", err, one.String(), direct)
	}
}
