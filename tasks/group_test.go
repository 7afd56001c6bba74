package tasks

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMeanOfMembers(t *testing.T) {
	task := func(name, more string) string {
		return strings.Replace(minimal, "task: t\n", "task: "+name+"\n"+more, 1)
	}
	const mean = "metadata: {mean_of_members: true}\n"
	r, _ := newTestRegistry(t, map[string]string{
		"a.yaml": task("a", ""), "b.yaml": task("b", "tag: both\n"), "c.yaml": task("c", "tag: both\n"), "d.yaml": task("d", ""), "e.yaml": task("e", ""),
		"inner.yaml": "group: inner\ntask: [d]\naggregate_metric_list: [{metric: acc}]\n",
		"outer.yaml": "group: outer\n" + mean + "task:\n - a\n - task: both\n - task: inner\n   num_fewshot: 4\n - group: place\n   task: [e]\n   " + mean,
		"plain.yaml": "group: plain\ntask: [a]\n",
		"none.yaml":  "group: none\n" + mean + "task: [plain, a]\n",
		"two.yaml":   "group: two\n" + mean + "task: [a]\naggregate_metric_list: [{metric: acc}]\n",
		"kind.yaml":  "group: kind\nmetadata: {mean_of_members: 1}\ntask: [a]\n",
	})
	s, err := r.Resolve([]string{"outer"})
	if err != nil {
		t.Fatal(err)
	}
	outer := s.Groups[0]
	if d := cmp.Diff([]string{"a", "b", "c", "inner", "outer::place"}, outer.Parts); d != "" || !outer.MeanOfMembers || !outer.HasValue() {
		t.Error(d, outer.MeanOfMembers)
	}
	if d := cmp.Diff([]string{"a", "b", "c", "d", "e"}, outer.Tasks); d != "" {
		t.Error(d)
	}
	for _, task := range s.Tasks {
		if n := task.NumFewshot; task.Name == "d" && (n == nil || *n != 4) {
			t.Error("a member group does not take the shots it is given")
		}
	}
	for name, want := range map[string]string{
		"none": "its member plain has no value of its own",
		"two":  "exclude each other",
		"kind": "kind.yaml:2: metadata.mean_of_members: wants true or false",
	} {
		if _, err := r.Resolve([]string{name}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}

// What the paper states: shots, data, decoding and what is averaged.
func TestLlama2Settings(t *testing.T) {
	r, _ := newTestRegistry(t, nil)
	s, err := r.Resolve([]string{"llama2"})
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string][]string{}
	for _, g := range s.Groups {
		parts[g.Name] = g.Parts
		if want := strings.HasPrefix(g.Name, "llama2/") && g.Name != "llama2/aggregate"; g.MeanOfMembers != want {
			t.Errorf("%s: mean of members is %v", g.Name, g.MeanOfMembers)
		}
	}
	for name, want := range map[string]string{
		"llama2":             "llama2/code llama2/commonsense llama2/world llama2/reading llama2/math llama2/aggregate",
		"llama2/code":        "humaneval mbpp",
		"llama2/commonsense": "piqa social_iqa hellaswag winogrande arc_easy arc_challenge openbookqa commonsense_qa",
		"llama2/world":       "nq_open triviaqa",
		"llama2/reading":     "squad_v2 quac boolq",
		"llama2/math":        "gsm8k math",
		"llama2/aggregate":   "mmlu bbh agieval",
	} {
		if d := cmp.Diff(strings.Fields(want), parts[name]); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	type setting struct {
		shots   int
		primary string
	}
	want := map[string]setting{
		"humaneval": {0, "pass@1,create_test"}, "mbpp": {3, "pass_at_1,none"},
		"piqa": {0, "acc_norm,none"}, "social_iqa": {0, "acc_norm,none"}, "hellaswag": {0, "acc_norm,none"}, "winogrande": {0, "acc,none"},
		"arc_easy": {0, "acc_norm,none"}, "arc_challenge": {0, "acc_norm,none"}, "openbookqa": {0, "acc_mutual_info,none"}, "commonsense_qa": {7, "acc,none"},
		"nq_open": {5, "exact_match,remove_whitespace"}, "triviaqa": {5, "exact_match,remove_whitespace"},
		"squad_v2": {0, "exact,none"}, "quac": {0, "f1,none"}, "boolq": {0, "acc,none"},
		"gsm8k": {8, "exact_match,strict-match"}, "math_precalc": {4, "exact_match,none"},
		"mmlu_virology": {5, "acc,none"}, "bbh_snarks": {3, "exact_match,remove_whitespace"}, "agieval_sat_math": {3, "acc,none"},
	}
	seen := 0
	for _, task := range s.Tasks {
		if w, ok := want[task.Name]; ok {
			seen++
			if task.NumFewshot == nil || *task.NumFewshot != w.shots || task.Primary != w.primary {
				t.Errorf("%s: shots %v, primary %s, want %+v", task.Name, task.NumFewshot, task.Primary, w)
			}
		}
		sampled := task.UnsafeCode
		if task.Gen.DoSample != sampled || sampled && (task.Gen.Temperature != 0.1 || task.Gen.TopP != 0.95) {
			t.Errorf("%s: decoding %+v", task.Name, task.Gen)
		}
		own, err := r.Load(task.Name)
		if err != nil {
			t.Fatal(err)
		}
		if !cmp.Equal(own.Gen.Until, task.Gen.Until) || own.Gen.MaxTokens != task.Gen.MaxTokens || own.Version != task.Version {
			t.Errorf("%s: the suite changes more than it means to: %+v, version %s", task.Name, task.Gen, task.Version)
		}
		if task.Name == "triviaqa" && task.DatasetName != "rc.wikipedia.nocontext" {
			t.Errorf("triviaqa reads %s", task.DatasetName)
		}
	}
	if seen != len(want) || len(s.Tasks) != 16+7+57+27+8 {
		t.Errorf("%d tasks, %d of those listed here", len(s.Tasks), seen)
	}
}
