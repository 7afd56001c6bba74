package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// Memory does not grow with what is answered: what lives after a tenth of
// 100,000 documents is what lives at the end, but for some bytes a document.
func TestManyItems(t *testing.T) {
	documents := 3000
	if long {
		documents = 100_000
	}
	job := newTestJob(t, 2)
	dir := filepath.Dir(job.Out)
	var lines strings.Builder
	for i := range documents {
		fmt.Fprintf(&lines, `{"q": "What is %d times %d?", "a": "%d", "b": "%d"}`+"\n", i, i+3, i*(i+3), i*i)
	}
	text := strings.Replace(choiceTask, "docs.jsonl, test: docs.jsonl", "many.jsonl, test: many.jsonl", 1)
	for name, content := range map[string]string{"many.jsonl": lines.String(), "many.yaml": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	store, err := dataset.NewStore(dataset.Options{CacheDir: dir, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	task, err := tasks.ParseFile(filepath.Join(dir, "many.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	none := 0
	job.Spec.Shots = &none
	p, err := Prepare(context.Background(), store, task, true, job.Spec, nil)
	if err != nil {
		t.Fatal(err)
	}
	job.Tasks = []*Prepared{p}
	job.maxWave = 8 << 20 // so that there are several
	live := map[int]uint64{}
	job.afterItem = func(done int) {
		tenth := done * 10 / documents
		if live[tenth] > 0 {
			return
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		live[tenth] = m.HeapAlloc
	}
	report, err := job.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if n := report.Scores[0].N; int(n) != documents {
		t.Errorf("%d documents were scored", n)
	}
	t.Logf("%d documents: live heap of %d, %d, %d MB after 10%%, 50%%, 90%%", documents, live[1]>>20, live[5]>>20, live[9]>>20)
	if grown := int64(live[9]) - int64(live[1]); grown > int64(documents)*100+8<<20 {
		t.Errorf("%d bytes a document are kept", grown/int64(documents))
	}
}
