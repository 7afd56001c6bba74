package leaderboard

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/results"
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

// LLAMAEVAL_LONG measures 10,000 runs, or as many as it says.
func TestTenThousandRuns(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("LLAMAEVAL_LONG"))
	switch n {
	case 0:
		t.Skip("LLAMAEVAL_LONG is not set")
	case 1:
		n = 10000
	}
	root := t.TempDir()
	manyRuns(t, root, n)
	measure := func(what string, do func() error) time.Duration {
		started := time.Now()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		took := time.Since(started)
		t.Logf("%d runs, %s: %.2f s", n, what, took.Seconds())
		return took
	}
	board := func() error {
		b, err := Build([]string{root}, nil)
		if err == nil {
			err = b.Write(new(bytes.Buffer), "table")
		}
		return err
	}
	measure("leaderboard without an index", board)
	measure("index", func() error { _, _, err := results.WriteIndex(root); return err })
	info, err := os.Stat(filepath.Join(root, results.IndexFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the index has %d bytes", info.Size())
	if took := measure("leaderboard with it", board); took > 5*time.Second {
		t.Errorf("a leaderboard of %d runs takes %v", n, took)
	}
	measure("index again", func() error { _, _, err := results.WriteIndex(root); return err })
}
