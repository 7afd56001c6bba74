package tasks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// A complete task, to which the tests add lines.
const minimal = `task: t
dataset_path: json
test_split: test
doc_to_text: "{{q}}"
doc_to_target: "{{a}}"
`

// write lays files into a new folder and returns it.
func write(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func parse(t testing.TB, text string) (*Task, error) {
	t.Helper()
	return ParseFile(filepath.Join(write(t, map[string]string{"t.yaml": text}), "t.yaml"))
}

func TestDefaults(t *testing.T) {
	task, err := parse(t, minimal)
	if err != nil {
		t.Fatal(err)
	}
	if task.OutputType != GenerateUntil || task.Alias != "t" || task.TargetDelimiter != " " || task.FewshotDelimiter != "\n\n" ||
		task.Repeats != 1 || task.NumFewshot != nil || task.Fewshot.Sampler != "default" || task.Builtin {
		t.Errorf("defaults: %+v", task)
	}
	if task.Gen.DoSample || task.Gen.Temperature != 0 || !cmp.Equal(task.Gen.Until, []string{"\n\n"}) {
		t.Errorf("generation defaults: %+v", task.Gen)
	}
	if len(task.Metrics) != 1 || task.Metrics[0].Name != "exact_match" || task.Primary != "exact_match,none" {
		t.Errorf("metrics %+v, primary %s", task.Metrics, task.Primary)
	}
	if len(task.Filters) != 1 || task.Filters[0].Name != "none" || task.Filters[0].Filters[0].Function != "take_first" {
		t.Errorf("filters %+v", task.Filters)
	}
	if split, err := task.EvalSplit(); split != "test" || err != nil {
		t.Errorf("EvalSplit: %s, %v", split, err)
	}
}

func TestGenerationKwargs(t *testing.T) {
	for text, want := range map[string]Gen{
		"{}":                                {Until: []string{"\n"}, TopP: 1},
		"{until: x}":                        {Until: []string{"x"}, TopP: 1},
		"{until: null}":                     {TopP: 1},
		"{temperature: 0.5}":                {Until: []string{"\n"}, TopP: 1, DoSample: true, Temperature: 0.5},
		"{temperature: 1e-1}":               {Until: []string{"\n"}, TopP: 1, DoSample: true, Temperature: 0.1},
		"{temperature: 0.5, do_sample: no}": {Until: []string{"\n"}, TopP: 1},
		"{do_sample: yes, top_p: 0.9}":      {Until: []string{"\n"}, TopP: 0.9, DoSample: true, Temperature: 1},
		"{max_tokens: 3, max_gen_toks: 2}":  {Until: []string{"\n"}, TopP: 1, MaxTokens: 2},
		"{max_gen_toks: 2, max_tokens: 3}":  {Until: []string{"\n"}, TopP: 1, MaxTokens: 2},
		"{max_new_tokens: 9, top_k: 5}":     {Until: []string{"\n"}, TopP: 1, MaxTokens: 9, Extra: py.DictOf("top_k", int64(5))},
	} {
		task, err := parse(t, minimal+"fewshot_delimiter: \"\\n\"\ngeneration_kwargs: "+text+"\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if want.Extra == nil {
			want.Extra = py.NewDict()
		}
		if !py.Equal(task.Gen.Extra, want.Extra) {
			t.Errorf("%s: Extra is %s", text, py.Repr(task.Gen.Extra))
		}
		want.Extra = task.Gen.Extra
		if diff := cmp.Diff(want, task.Gen, cmp.Comparer(func(a, b *py.Dict) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestExpressions(t *testing.T) {
	task, err := parse(t, `task: t
dataset_path: json
validation_split: v
doc_to_text: 3
doc_to_target: ["a", 1]
doc_to_choice: {A: x, B: y}
description: "d {{q}}"
output_type: multiple_choice
fewshot_split: f
fewshot_config:
  sampler: first_n
  doc_to_target: "{{a}}!"
  target_delimiter: ""
  samples: [{q: 1}]
metric_list: [{metric: acc}, {metric: acc_norm}]
metadata: {version: 010, cluster: passage, primary: acc_norm}
repeats: 4
tag: [one, two]
`)
	if err != nil {
		t.Fatal(err)
	}
	if e := task.DocToText; e.Kind != ExprInt || e.Int != 3 || e.Line != 4 {
		t.Errorf("doc_to_text %+v", e)
	}
	if e := task.DocToTarget; e.Kind != ExprList || !py.Equal(e.List, []any{"a", int64(1)}) {
		t.Errorf("doc_to_target %+v", e)
	}
	if e := task.DocToChoice; e.Kind != ExprList || !py.Equal(e.List, []any{"x", "y"}) {
		t.Errorf("doc_to_choice %+v", e)
	}
	if f := task.Fewshot; f.Sampler != "first_n" || f.Split != "f" || f.TargetDelimiter != "" || f.FewshotDelimiter != "\n\n" ||
		f.DocToText.Kind != ExprNone || f.DocToTarget.Text != "{{a}}!" || len(f.Samples) != 1 {
		t.Errorf("fewshot %+v", f)
	}
	if task.Version != "8" || task.Cluster.Text != "passage" || task.Primary != "acc_norm,none" || !cmp.Equal(task.Tags, []string{"one", "two"}) {
		t.Errorf("version %s cluster %v primary %s tags %v", task.Version, task.Cluster, task.Primary, task.Tags)
	}
	if split, _ := task.EvalSplit(); split != "v" || task.Repeats != 4 {
		t.Errorf("split %s repeats %d", split, task.Repeats)
	}
}

func TestTaskErrors(t *testing.T) {
	for text, want := range map[string]string{
		"task: t1\ndataset_path: json\noutput_type: nonsense\n": `t.yaml:3: output_type: "nonsense" is not one of generate_until, loglikelihood, loglikelihood_rolling, multiple_choice`,
		"task: t\noutput_type: multiple_choise\n":               `t.yaml:2: output_type: "multiple_choise" is not one of generate_until, loglikelihood, loglikelihood_rolling, multiple_choice (did you mean multiple_choice?)`,
		"task: t\noutput_type: multiple_choice\n":               "t.yaml: task t: missing: dataset_path, test_split or validation_split, doc_to_text, doc_to_target, doc_to_choice",
		"{}\n":                                                                  "t.yaml: task without a name: missing: task, dataset_path, test_split or validation_split, doc_to_text, doc_to_target",
		"[]\n":                                                                  "t.yaml:1: a task file holds a mapping, this is a list",
		"group: g\ntask: [a]\n":                                                 "t.yaml: defines a group, not a task",
		minimal + "doc_to_txt: x\n":                                             "t.yaml:6: unknown key doc_to_txt (did you mean doc_to_text?)",
		minimal + "zzzz: x\n":                                                   "t.yaml:6: unknown key zzzz",
		minimal + "dataset_name: no\n":                                          "t.yaml:6: dataset_name: wants a text, this is the boolean False: quote it",
		minimal + "num_fewshot: -1\n":                                           "t.yaml:6: num_fewshot: wants a whole number of at least 0, this is the number -1",
		minimal + "repeats: 0\n":                                                "t.yaml:6: repeats: wants a whole number of at least 1, this is the number 0",
		minimal + "doc_to_choice: 1.5\n":                                        "t.yaml:6: doc_to_choice: wants a template or column, a list or a !function, this is the number 1.5",
		minimal + "fewshot_config: {sampler: frist_n}":                          `t.yaml:6: fewshot_config.sampler: "frist_n" is neither default nor first_n (did you mean first_n?)`,
		minimal + "fewshot_config: {sampels: []}":                               "t.yaml:6: unknown key fewshot_config.sampels (did you mean samples, sampler?)",
		minimal + "fewshot_config: {samples: [x]}":                              `t.yaml:6: fewshot_config.samples: wants a mapping, this is the text "x"`,
		minimal + "generation_kwargs: {top_p: 2}":                               "t.yaml:6: generation_kwargs.top_p: wants a number above 0 and up to 1, this is the number 2",
		minimal + "generation_kwargs: {until: [1]}":                             "t.yaml:6: generation_kwargs.until: wants a text, this is the number 1: quote it",
		minimal + "metric_list: [{aggregation: mean}]":                          "t.yaml:6: metric_list: the key metric is missing",
		minimal + "metric_list: acc":                                            `t.yaml:6: metric_list: wants a list of metrics, this is the text "acc"`,
		minimal + "metric_list:\n - metric: acc\n   higher_is_better: 1":        "t.yaml:8: metric_list.higher_is_better: wants true or false, this is the number 1",
		minimal + "filter_list: [{name: a}]":                                    "t.yaml:6: filter_list: a filter chain needs the keys name and filter",
		minimal + "filter_list:\n - name: a\n   filter: [{x: 1}]":               "t.yaml:8: filter_list.filter: the key function is missing",
		minimal + "metadata: {primary: exactmatch}":                             `t.yaml: metadata.primary: "exactmatch" is not in metric_list (did you mean exact_match?)`,
		minimal + "filter_list:\n - name: a\n   filter: [{function: custom}]\n": "t.yaml:8: filter_list.filter: the filter custom needs a !function under the key filter_fn",
		minimal + "metadata: {primary: 'exact_match,x'}":                        `t.yaml: metadata.primary: "x" is not in filter_list`,
		minimal + "custom_dataset: x":                                           `t.yaml:6: custom_dataset: wants a !function, this is the text "x"`,
		minimal + "include: none.yaml":                                          "t.yaml:6: include: open DIR/none.yaml: no such file or directory",
		"include: t.yaml\n":                                                     "t.yaml:1: include cycle: DIR/t.yaml includes itself",
		minimal + "include: [3]":                                                "t.yaml:6: include names a file, this is the number 3",
		minimal + "process_docs: !function utils.f":                             "t.yaml:6: process_docs: !function utils.f: DIR/utils.py does not exist",
		minimal + "process_docs: f":                                             `t.yaml:6: process_docs: wants a !function, this is the text "f"`,
		minimal + "process_docs: !function f":                                   "t.yaml:6: process_docs: !function f: wants module.function",
		minimal + "repeats: 10001\n":                                            "t.yaml:6: repeats: wants at most 10000, this is the number 10001",
		minimal + "root:$6$secret: x\n":                                         "t.yaml:6: unknown key of 14 bytes",
		minimal + strings.Repeat("k", 70) + ": x\n":                             "t.yaml:6: unknown key of 70 bytes",
		"hf_secret\n":                                                           "t.yaml:1: a task file holds a mapping, this is a text",
	} {
		dir := write(t, map[string]string{"t.yaml": text})
		_, err := ParseFile(filepath.Join(dir, "t.yaml"))
		if err == nil {
			t.Errorf("%q: no error, want %s", text, want)
			continue
		}
		got := strings.ReplaceAll(strings.TrimPrefix(err.Error(), dir+"/"), dir, "DIR")
		got = strings.Replace(got, "stat DIR", "open DIR", 1)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestIncludes(t *testing.T) {
	dir := write(t, map[string]string{
		"t.yaml":         "include: [a.yaml, sub/b_yaml]\ntask: t\ndoc_to_text: own\n",
		"a.yaml":         minimal + "description: from a\nmetadata: {version: 1}\ntask_list: [x]\n",
		"sub/b_yaml":     "include: ../c.yaml\ndescription: from b\n",
		"c.yaml":         "description: from c\ntarget_delimiter: c\nmetadata: {primary: exact_match}\n",
		"cycle1.yaml":    "include: cycle2.yaml\n",
		"cycle2.yaml":    "include: cycle1.yaml\n",
		"double0.yaml":   minimal,
		"nest/list.yaml": "[]",
		"bad.yaml":       "include: nest/list.yaml\n",
		"folder.yaml":    "include: nest\n",
	})
	for i := 1; i < 30; i++ { // 2^30 includes if every repetition were followed
		name := filepath.Join(dir, "double"+string(rune('0'+i))+".yaml")
		prev := "double" + string(rune('0'+i-1)) + ".yaml"
		if err := os.WriteFile(name, []byte("include: [\""+prev+"\", \""+prev+"\"]\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "abs.yaml"), []byte("include: "+dir+"/a.yaml\ntask: abs\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	task, err := ParseFile(filepath.Join(dir, "t.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if task.DocToText.Text != "own" || task.Description.Text != "from b" || task.TargetDelimiter != "c" || task.DatasetPath != "json" {
		t.Errorf("merged wrongly: %+v", task)
	}
	if task.Version != "" || task.Primary != "exact_match,none" {
		t.Errorf("metadata is merged deeply: version %q primary %q", task.Version, task.Primary)
	}
	if want := filepath.Join(dir, "sub/b_yaml"); task.Description.File != want || task.Description.Line != 2 {
		t.Errorf("position %s:%d", task.Description.File, task.Description.Line)
	}
	if task, err := ParseFile(filepath.Join(dir, "abs.yaml")); err != nil || task.Name != "abs" {
		t.Errorf("absolute include: %v", err)
	}
	for file, want := range map[string]string{
		"cycle1.yaml":  "include cycle",
		"doubleM.yaml": "more than 64 includes",
		"bad.yaml":     "list.yaml:1: a task file holds a mapping",
		"folder.yaml":  "not a regular file",
	} {
		if _, err := ParseFile(filepath.Join(dir, file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", file, err, want)
		}
	}
}

// The hash is over what a definition says, not over how or where.
func TestDefinitionHash(t *testing.T) {
	dir := write(t, map[string]string{
		"a.yaml":     minimal + "num_fewshot: 5\n",
		"sub/b.yaml": "# the same\nnum_fewshot: 5\ninclude: base\n",
		"sub/base":   minimal,
		"c.yaml":     minimal + "num_fewshot: 6\n",
	})
	var hash [3]string
	for i, f := range []string{"a.yaml", "sub/b.yaml", "c.yaml"} {
		task, err := ParseFile(filepath.Join(dir, f))
		if err != nil {
			t.Fatal(err)
		}
		hash[i] = task.Hash
	}
	if hash[0] != hash[1] || hash[0] == hash[2] || len(hash[0]) != 64 {
		t.Errorf("hashes %v", hash)
	}
}

func TestCheckScoring(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"filter_list:\n - name: a\n   filter: [{function: regx}]\n":                     "t.yaml:8: filter_list: ",
		"filter_list:\n - {name: a, filter: [{function: regex, regex_pattern: '('}]}\n": "t.yaml:7: filter_list: ",
		"metric_list:\n - metric: exact_mach\n":                                         "t.yaml:7: metric_list: ",
		"metric_list:\n - metric: acc\n":                                                "t.yaml:7: metric_list: ",
		"metric_list:\n - metric: exact_match\n   ignore_caes: true\n":                  "t.yaml:7: metric_list: ",
	} {
		task, err := parse(t, minimal+text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		switch err := task.CheckScoring(); {
		case want == "" && err != nil:
			t.Errorf("%q: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
