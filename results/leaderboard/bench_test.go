package leaderboard

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
)

// A hundred runs of thirty tasks are a table in under a second. The models
// grow better one by one, so that near ones tie.
func BenchmarkBoard(b *testing.B) {
	for _, c := range []struct {
		name             string
		documents        int
		graded, clusters int // every so many tasks are of this kind; 0: none
	}{
		{"binary-100", 100, 0, 0},
		{"binary-1000", 1000, 0, 0},
		{"mixed-300", 300, 5, 6},
	} {
		b.Run(c.name, func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			names := make([]string, c.documents)
			for i := range names {
				names[i] = fmt.Sprint("passage ", i/3)
			}
			var dirs []string
			for run := range 100 {
				f := fake{model: fmt.Sprint("model ", run)}
				for task := range 30 {
					t := fakeTask{name: fmt.Sprintf("task_%02d", task), outcomes: make([]float64, c.documents)}
					graded := c.graded > 0 && task%c.graded == 0
					if c.clusters > 0 && task%c.clusters == 1 {
						t.clusters = names
					}
					for i := range t.outcomes {
						switch {
						case graded:
							t.outcomes[i] = float64(r.IntN(20+run/10)) / 30
						case r.IntN(200) < 60+run:
							t.outcomes[i] = 1
						}
					}
					f.tasks = append(f.tasks, t)
				}
				dirs = append(dirs, f.write(b, fmt.Sprint("run", run)))
			}
			for b.Loop() {
				started := time.Now()
				board, err := Build(dirs, nil)
				if err != nil {
					b.Fatal(err)
				}
				var out bytes.Buffer
				if err := board.Write(&out, "table"); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(time.Since(started).Seconds(), "s/table")
			}
		})
	}
}

func TestManyRuns(t *testing.T) {
	var dirs []string
	r := rand.New(rand.NewPCG(1, 1))
	for run := range 100 {
		f := fake{model: fmt.Sprint("model ", run)}
		for task := range 30 {
			outcomes := make([]float64, 50)
			for i := range outcomes {
				outcomes[i] = float64(r.IntN(2))
			}
			f.tasks = append(f.tasks, fakeTask{name: fmt.Sprintf("task_%02d", task), outcomes: outcomes})
		}
		dirs = append(dirs, f.write(t, fmt.Sprint("run", run)))
	}
	best := time.Hour
	for range 5 { // the machine may be busy with other tests
		started := time.Now()
		if board, err := Build(dirs, nil); err != nil || board.Write(new(bytes.Buffer), "table") != nil {
			t.Fatal(err)
		}
		if best = min(best, time.Since(started)); best < time.Second {
			return
		}
	}
	t.Errorf("a table of 100 runs of 30 tasks takes %v", best)
}

// Ranks of many runs: pairs a second.
func BenchmarkRank(b *testing.B) {
	const runs, documents = 2000, 1000
	r := rand.New(rand.NewPCG(1, 1))
	a := answers{}
	s := Section{Columns: []Column{{Task: "t", Kind: results.KindTask, Metric: "acc", Filter: results.NoFilter, HigherIsBetter: true}}}
	for run := range runs {
		outcomes := make([]float64, documents)
		for i := range outcomes {
			if r.IntN(4*runs) < runs+run {
				outcomes[i] = 1
			}
		}
		o := compare.NewOutcomes(outcomes)
		sum, n := o.Sum()
		a.runs = append(a.runs, map[leaf]compare.Outcomes{{"t", "acc"}: o})
		s.Rows = append(s.Rows, Row{Cells: []*Cell{{Value: sum / float64(n)}}})
	}
	for b.Loop() {
		s.rank(0, &a)
	}
	b.ReportMetric(float64(runs*(runs-1)/2*b.N)/b.Elapsed().Seconds(), "pairs/s")
}
