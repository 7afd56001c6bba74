package runner

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/runner/progress"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// unevenJob has tasks as a suite has: many short questions, long passages, and
// generations of very different length, one task after the other.
func unevenJob(t *testing.T) *Job {
	job := newTestJob(t, 2)
	dir := filepath.Dir(job.Out)
	store, err := dataset.NewStore(dataset.Options{CacheDir: dir, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	job.Tasks = nil
	for _, kind := range []struct {
		name       string
		docs, long int
		rest       string
	}{
		{"short", 300, 1, "output_type: multiple_choice\ndoc_to_choice: \"{{[a, b]}}\"\ndoc_to_target: 0\n"},
		{"passages", 60, 40, "output_type: multiple_choice\ndoc_to_choice: \"{{[a, b]}}\"\ndoc_to_target: 0\n"},
		{"answers", 150, 3, "output_type: generate_until\ndoc_to_target: \"{{a}}\"\ngeneration_kwargs: {until: [\"e\"], max_gen_toks: 120}\n"},
		{"more", 100, 8, "output_type: generate_until\ndoc_to_target: \"{{a}}\"\ngeneration_kwargs: {until: [\"a\"], max_gen_toks: 60}\n"},
	} {
		var lines strings.Builder
		for i := range kind.docs {
			words := strings.Repeat(fmt.Sprintf("and %d of it ", i*7), kind.long*(1+i%5))
			fmt.Fprintf(&lines, `{"q": "%d %s: what is %d?", "a": "%d", "b": "%d"}`+"\n", i, words, i, i*i, i+1)
		}
		text := fmt.Sprintf("task: %s\ndataset_path: json\ndataset_kwargs: {data_files: {test: %[1]s.jsonl}}\ntest_split: test\ndoc_to_text: \"Q: {{q}}\\nA:\"\n%s", kind.name, kind.rest)
		for name, content := range map[string]string{kind.name + ".jsonl": lines.String(), kind.name + ".yaml": text} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		task, err := tasks.ParseFile(filepath.Join(dir, kind.name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		none := 0
		job.Spec.Shots = &none
		p, err := Prepare(context.Background(), store, task, true, job.Spec, nil)
		if err != nil {
			t.Fatal(err)
		}
		job.Tasks = append(job.Tasks, p)
	}
	return job
}

// After a tenth of the work the whole time is known to a fifth, on a clock that counts what each step would take: a generated token as long as
// eight of a prompt, attention more for long ones, and a machine that is not
// always equally fast.
func TestTimeLeftIsHonest(t *testing.T) {
	for _, waves := range []int{0, 60_000} { // one wave, or several
		job := unevenJob(t)
		job.maxWave = waves
		now := time.Unix(1000, 0)
		start := now
		steps := 0
		type look struct{ at, left time.Duration }
		var looks []look
		var p *progress.P
		job.Progress = func(o progress.Options) *progress.P {
			o.Out, o.Quiet, o.Now = io.Discard, true, func() time.Time { return now }
			p = progress.New(o)
			return p
		}
		job.afterStep = func(inputs, generated int) {
			if left, known := p.Left(); known {
				looks = append(looks, look{now.Sub(start), left})
			}
			steps++
			speed := 1 + 0.2*math.Sin(float64(steps)/15)
			now = now.Add(time.Duration(speed * (float64(inputs) + 8*float64(generated) + 20) * float64(time.Millisecond)))
		}
		if _, err := job.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
		whole := now.Sub(start)
		worst, tenth := 0.0, 1
		for _, l := range looks {
			if l.at < whole/10 || l.at > whole*9/10 {
				continue
			}
			off := math.Abs(float64(l.at+l.left)/float64(whole) - 1)
			worst = max(worst, off)
			if l.at >= whole*time.Duration(tenth)/10 {
				t.Logf("after %d0%%: the end is off by %.0f%%", tenth, 100*off)
				tenth++
			}
		}
		t.Logf("waves of %d bytes: %v in %d steps, the estimate is off by %.0f%% at most", waves, whole, steps, 100*worst)
		if worst > 0.2 || len(looks) < 50 {
			t.Errorf("waves of %d bytes: the time left is off by %.0f%%, %d looks", waves, 100*worst, len(looks))
		}
	}
}

// Documents are looked at first only where the prompts they share, which are
// then computed once more, are a small part of all.
func TestFirstLookIsCheap(t *testing.T) {
	for _, c := range []struct {
		documents int
		shared    float64 // characters, where a document adds 100
		want      int
	}{
		{1000, 400, lookAt}, {1000, 600, 0}, {leastLook - 1, 0, 0},
	} {
		p := &Prepared{Task: &tasks.Task{Name: "text", OutputType: tasks.GenerateUntil}}
		for id := range c.documents {
			p.IDs = append(p.IDs, id)
		}
		j := &Job{Tasks: []*Prepared{p}, forecast: &forecast{tasks: map[string]*outlook{
			"text": {left: c.documents, characters: 100, shared: c.shared},
		}}}
		if got := len(j.firstLook(nil)["text"]); got != c.want {
			t.Errorf("%d documents that share %v characters: %d looked at first, want %d", c.documents, c.shared, got, c.want)
		}
	}
}
