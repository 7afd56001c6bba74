package leaderboard

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// A hundred runs of thirty tasks are a table in under a second. The models
// grow better one by one, so that near ones tie.
func BenchmarkBoard(b *testing.B) {
	for _, c := range []struct {
		name             string
		documents        int
		graded, clusters int // every so many tasks are of this kind; 0: none
	}{
		{"0/1,documents=100", 100, 0, 0},
		{"0/1,documents=1000", 1000, 0, 0},
		{"mixed,documents=300", 300, 5, 6},
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
