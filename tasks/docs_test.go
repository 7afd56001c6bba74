package tasks

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// The examples of docs/tasks.md are right, and its tables name every key.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(sharedtest.Root(t), "docs", "tasks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for key := range taskKeys {
		if !strings.Contains(string(text), "`"+key+"`") && key != "group" && key != "task_list" {
			t.Errorf("the key %s is not documented", key)
		}
	}
	for _, name := range slices.Concat(scoring.MetricNames(), scoring.FilterNames()) {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("the metric or filter %s is not documented", name)
		}
	}
	examples := strings.Split(string(text), "```yaml\n")[1:]
	if len(examples) < 3 {
		t.Errorf("%d examples", len(examples))
	}
	for i, e := range examples {
		yaml, _, _ := strings.Cut(e, "```")
		file := filepath.Join(write(t, map[string]string{"t.yaml": yaml}), "t.yaml")
		if strings.HasPrefix(yaml, "group:") {
			r, err := NewRegistry(Options{TasksDirs: []string{filepath.Dir(file)}})
			if err == nil {
				_, err = r.Resolve([]string{"my_suite"})
			}
			if err != nil {
				t.Errorf("example %d: %v", i+1, err)
			}
			continue
		}
		task, err := ParseFile(file)
		if err == nil {
			err = task.CheckScoring()
		}
		if err != nil {
			t.Errorf("example %d: %v", i+1, err)
		}
	}
}

// The first table of docs/suites.md names every built-in task, those that
// differ in a subject only as mmlu_<subject>.
func TestSuitesAreListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(sharedtest.Root(t), "docs", "suites.md"))
	if err != nil {
		t.Fatal(err)
	}
	table, _, _ := strings.Cut(string(text), "\n\n`squad_v2` is")
	var names []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(table, -1) {
		names = append(names, regexp.MustCompile(`<\w+>`).ReplaceAllString(m[1], `\w+`))
	}
	listed := regexp.MustCompile("^(" + strings.Join(names, "|") + ")$")
	r, _ := newTestRegistry(t, nil)
	tasks, _ := r.List()
	for _, l := range tasks {
		if !listed.MatchString(l.Task) && !strings.HasPrefix(l.Task, "llama2/") {
			t.Errorf("docs/suites.md does not name %s", l.Task)
		}
	}
}
