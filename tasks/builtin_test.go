package tasks

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestBuiltinFilesLoad(t *testing.T) {
	r, _ := newTestRegistry(t, nil)
	list, groups := r.List()
	if len(list) < 110 {
		t.Errorf("%d built-in tasks", len(list))
	}
	for _, l := range list {
		task, err := r.Load(l.Task)
		if err != nil {
			t.Error(err)
			continue
		}
		if err := task.CheckScoring(); err != nil {
			t.Error(err)
		}
		if task.Version == "" || !task.Builtin || !strings.HasPrefix(task.File, builtinDir) {
			t.Errorf("%s: version %q, file %s", task.Name, task.Version, task.File)
		}
		if p, _ := task.Metadata.Get("primary"); p == nil {
			t.Errorf("%s names no primary metric", task.Name)
		}
		metric, filter, _ := strings.Cut(task.Primary, ",")
		if !slices.ContainsFunc(task.Metrics, func(m Metric) bool { return m.Name == metric || m.Func != "" }) ||
			!slices.ContainsFunc(task.Filters, func(c FilterChain) bool { return c.Name == filter }) {
			t.Errorf("%s: primary %s is not among its metrics and filters", task.Name, task.Primary)
		}
	}
	for _, g := range groups {
		if _, err := r.Resolve([]string{g}); err != nil {
			t.Error(err)
		}
	}
}

func TestGroupSizes(t *testing.T) {
	r, _ := newTestRegistry(t, nil)
	for group, want := range map[string]int{"bbh": len(bbhDescriptions), "agieval": 8, "math": 7} {
		s, err := r.Resolve([]string{group})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Tasks) != want {
			t.Errorf("%s has %d tasks, want %d", group, len(s.Tasks), want)
		}
	}
	if len(bbhDescriptions) != 27 {
		t.Errorf("%d tasks of BIG-Bench Hard", len(bbhDescriptions))
	}
}

func TestMMLU(t *testing.T) {
	r, _ := newTestRegistry(t, nil)
	s, err := r.Resolve([]string{"mmlu"})
	if err != nil {
		t.Fatal(err)
	}
	tasks, groups := names(s)
	if len(tasks) != 57 || !cmp.Equal(groups, []string{"mmlu", "mmlu_stem", "mmlu_other", "mmlu_social_sciences", "mmlu_humanities"}) {
		t.Errorf("%d tasks, groups %v", len(tasks), groups)
	}
	for i, want := range []int{57, 19, 13, 12, 13} {
		if len(s.Groups[i].Tasks) != want {
			t.Errorf("%s has %d tasks, want %d", groups[i], len(s.Groups[i].Tasks), want)
		}
	}
}

// Every built-in task's data set and evaluated split are in the mirror, or what
// stands for them where they could not be had.
func TestBuiltinDataExists(t *testing.T) {
	hubs := []string{filepath.Join(sharedtest.Dir(t), "hub"), filepath.Join("testdata", "hub")}
	r, _ := newTestRegistry(t, nil)
	list, _ := r.List()
	for _, l := range list {
		task, err := r.Load(l.Task)
		if err != nil {
			t.Fatal(err)
		}
		split, err := task.EvalSplit()
		if err != nil {
			t.Error(err)
		}
		config := task.DatasetName
		if config == "" {
			config = "*"
		}
		var found []string
		for _, hub := range hubs {
			in, _ := filepath.Glob(filepath.Join(hub, task.DatasetPath, config, split))
			found = append(found, in...)
		}
		if len(found) != 1 {
			t.Errorf("%s: %s %s %s is there %d times, want once in the mirror or in %s", task.Name, task.DatasetPath, task.DatasetName, split, len(found), hubs[1])
		}
	}
}

// The reference's configuration, from the heads of the oracle files.
func TestBuiltinAgainstOracles(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t), "oracles", "tasks", "*.jsonl.gz"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no oracles: %v", err)
	}
	r, _ := newTestRegistry(t, nil)
	compared := 0
	for _, file := range files {
		head := oracleHead(t, file)
		name := head["task"].(string)
		if name == "squadv2" {
			name = "squad_v2"
		}
		name = strings.Replace(name, "hendrycks_math_", "math_", 1)
		if r.entries[name] == nil {
			continue
		}
		compared++
		task, err := r.Load(name)
		if err != nil {
			t.Error(err)
			continue
		}
		want := head["config"].(map[string]any)
		if name == "squad_v2" { // a Python class, whose printed configuration is that of a default task
			want = map[string]any{"dataset_path": "rajpurkar/squad_v2", "dataset_name": "squad_v2", "training_split": "train", "validation_split": "validation",
				"output_type": "generate_until", "target_delimiter": " ", "fewshot_delimiter": "\n\n", "generation_kwargs": map[string]any{"until": "\n"},
				"doc_to_text":   "Title: {{title}}\n\nBackground: {{context}}\n\nQuestion: {{question}}\n\nAnswer:",
				"doc_to_target": "{{' ' + (answers.text[0] if answers.text else 'unanswerable')}}"}
		}
		if diff := cmp.Diff(want, oracleView(r, task)); diff != "" {
			t.Errorf("%s (-reference +ours): %s", name, diff)
		}
		if alias := head["results"].(map[string]any)["alias"]; alias != "squadv2" && alias != "hendrycks_"+task.Alias && alias != task.Alias {
			t.Errorf("%s: alias %s, want %s", name, task.Alias, alias)
		}
	}
	if compared < 25 {
		t.Errorf("%d oracle files were compared", compared)
	}
}

// oracleView is a task as the oracles write it, from its definition.
func oracleView(r *Registry, task *Task) map[string]any {
	root, err := r.files.load(r.entries[task.Name].src)
	if err != nil {
		panic(err)
	}
	out := map[string]any{"target_delimiter": task.TargetDelimiter, "fewshot_delimiter": task.FewshotDelimiter, "output_type": string(task.OutputType)}
	if task.Name != "squad_v2" {
		out["description"] = task.Description.Text
	}
	for _, key := range []string{"dataset_path", "dataset_name", "training_split", "validation_split", "test_split", "fewshot_split",
		"doc_to_text", "doc_to_target", "doc_to_choice", "generation_kwargs"} {
		n := root.get(key)
		if n.isNull() {
			continue
		}
		if n.kind == funcNode { // the oracle has the function's source
			out[key] = n.value
			continue
		}
		v, err := n.plain()
		if err != nil {
			panic(err)
		}
		var plain any
		if err := json.Unmarshal([]byte(py.JSON(v, -1)), &plain); err != nil {
			panic(err)
		}
		out[key] = plain
	}
	return out
}

func oracleHead(t *testing.T, file string) map[string]any {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(z).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var head map[string]any
	if err := json.Unmarshal(line, &head); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"doc_to_text", "doc_to_target", "doc_to_choice"} {
		config := head["config"].(map[string]any)
		if s, ok := config[key].(string); ok && strings.HasPrefix(s, "def ") {
			name, _, _ := strings.Cut(s[len("def "):], "(")
			config[key] = head["task"].(string) + "." + name // their folders are called like the tasks
		}
	}
	return head
}

// A file of the user's goes before one of ours with the same name.
func TestIncludeOfBuiltin(t *testing.T) {
	dir := write(t, map[string]string{
		"a/t.yaml":            "include: builtin/piqa.yaml\ntask: mine\n",
		"b/t.yaml":            "include: builtin/piqa.yaml\ntask: mine\n",
		"b/builtin/piqa.yaml": minimal,
		"c/t.yaml":            "include: builtin/none.yaml\ntask: mine\n",
	})
	a, err := ParseFile(filepath.Join(dir, "a", "t.yaml"))
	if err != nil || a.DatasetPath != "baber/piqa" || a.Name != "mine" || a.Builtin {
		t.Errorf("%+v, %v", a, err)
	}
	b, err := ParseFile(filepath.Join(dir, "b", "t.yaml"))
	if err != nil || b.DatasetPath == "baber/piqa" {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := ParseFile(filepath.Join(dir, "c", "t.yaml")); err == nil || !strings.Contains(err.Error(), "builtin/none.yaml") {
		t.Errorf("a file that is not there: %v", err)
	}
}
