package tasks

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newTestRegistry(t testing.TB, files map[string]string) (*Registry, *[]string) {
	t.Helper()
	var warnings []string
	o := Options{Warn: func(s string) { warnings = append(warnings, s) }}
	if files != nil {
		o.TasksDirs = []string{write(t, files)}
	}
	r, err := NewRegistry(o)
	if err != nil {
		t.Fatal(err)
	}
	return r, &warnings
}

func names(s *Selection) (tasks, groups []string) {
	for _, t := range s.Tasks {
		tasks = append(tasks, t.Name)
	}
	for _, g := range s.Groups {
		groups = append(groups, g.Name)
	}
	return tasks, groups
}

func TestResolve(t *testing.T) {
	task := func(name, more string) string {
		return strings.Replace(minimal, "task: t\n", "task: "+name+"\n"+more, 1)
	}
	r, _ := newTestRegistry(t, map[string]string{
		"a.yaml":     task("a", "tag: [letters, vowels]\n"),
		"b.yaml":     task("b", "tag: letters\n"),
		"c.yaml":     task("c_1", ""),
		"d.yaml":     task("c_2", ""),
		"tmpl":       "num_fewshot: 9\n",
		"g.yaml":     "group: g\ntask: [b, letters, inner]\naggregate_metric_list: {metric: acc, filter_list: f}\n",
		"inner.yaml": "group: inner\ngroup_alias: in\ntask: c_1\n",
		"over.yaml":  "group: over\nnum_fewshot: 7\nrepeats: 2\ntask:\n - {task: a, num_fewshot: 3}\n - b\n - group: part\n   task: [c_1]\n   repeats: 5\n",
		"place.yaml": "group: place\ntask:\n - task: new\n   include: tmpl\n   " + strings.ReplaceAll(strings.TrimSpace(strings.Replace(minimal, "task: t\n", "", 1)), "\n", "\n   ") + "\n",
	})
	for pattern, want := range map[string][2]string{
		"a":       {"a", ""},
		"b,a,b":   {"b a", ""},
		"letters": {"a b", ""},
		"g":       {"b a c_1", "g inner"},
		"c_?,a":   {"c_1 c_2 a", ""},
		"c_[12]":  {"c_1 c_2", ""},
		"over":    {"a b c_1", "over over::part"},
		"place":   {"place::new", "place"},
	} {
		s, err := r.Resolve(strings.Split(pattern, ","))
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		tasks, groups := names(s)
		if diff := cmp.Diff(want, [2]string{strings.Join(tasks, " "), strings.Join(groups, " ")}); diff != "" {
			t.Errorf("%s: %s", pattern, diff)
		}
	}

	s, err := r.Resolve([]string{"over"})
	if err != nil {
		t.Fatal(err)
	}
	var got string
	for _, task := range s.Tasks {
		got += fmt.Sprintf("%s:%d:%d ", task.Name, *task.NumFewshot, task.Repeats)
	}
	// The settings around an inline group win over its own, as in the reference.
	if want := "a:3:2 b:7:2 c_1:7:2 "; got != want {
		t.Errorf("overrides: %s, want %s", got, want)
	}
	if s, _ := r.Resolve([]string{"place"}); *s.Tasks[0].NumFewshot != 9 {
		t.Error("the include of a task written in a group is not read")
	}
	s, _ = r.Resolve([]string{"g"})
	if a := s.Groups[0].Aggregates; len(a) != 1 || !a[0].WeightBySize || !cmp.Equal(a[0].Filters, []string{"f"}) || s.Groups[1].Alias != "in" {
		t.Errorf("group: %+v", s.Groups[0])
	}
	if !cmp.Equal(s.Groups[0].Tasks, []string{"b", "a", "c_1"}) || !cmp.Equal(s.Groups[1].Tasks, []string{"c_1"}) {
		t.Errorf("tasks of groups: %v %v", s.Groups[0].Tasks, s.Groups[1].Tasks)
	}
}

func TestResolveErrors(t *testing.T) {
	files := map[string]string{
		"a.yaml":     strings.Replace(minimal, "task: t\n", "task: a\n", 1),
		"over.yaml":  "group: over\ntask: [{task: a, num_fewshot: 3}]\n",
		"self.yaml":  "group: self\ntask: [other]\n",
		"other.yaml": "group: other\ntask: [self]\n",
		"lost.yaml":  "group: lost\ntask: [nowhere]\n",
		"empty.yaml": "group: empty\ntask: []\n",
		"odd.yaml":   "group: odd\nagregate_metric_list: []\ntask: [a]\n",
		"mean.yaml":  "group: mean\naggregate_metric_list: [{metric: acc, aggregation: median}]\ntask: [a]\n",
		"alone.yaml": "group: alone\ntask: [{num_fewshot: 3}]\n",
	}
	for i := range 40 { // 2^40 visits if nothing bounded them
		files[fmt.Sprintf("d%d.yaml", i)] = fmt.Sprintf("group: d%d\nnum_fewshot: 1\ntask: [d%d, d%d]\n", i, i+1, i+1)
	}
	files["d40.yaml"] = "group: d40\ntask: [a]\n"
	r, _ := newTestRegistry(t, files)
	for pattern, want := range map[string]string{
		"hellaswg":  `no task, group or tag is named "hellaswg" (did you mean hellaswag?)`,
		"qqqqqqqq":  `no task, group or tag is named "qqqqqqqq": ` + "`llamaeval tasks list` shows all",
		"mmlu_astr": `no task, group or tag is named "mmlu_astr" (did you mean mmlu_astronomy, mmlu_stem?)`,
		"zz*":       `no task, group or tag matches "zz*"`,
		"[":         `not a valid glob`,
		"over,a":    "task a is selected twice with different settings",
		"a,over":    "task a is selected twice with different settings",
		"self":      "group self contains itself",
		"lost":      `lost.yaml:2: no task, group or tag is named "nowhere"`,
		"empty":     "group empty has no members",
		"odd":       "odd.yaml:2: unknown key agregate_metric_list (did you mean aggregate_metric_list?)",
		"mean":      `mean.yaml:2: aggregate_metric_list.aggregation: "median": mean is the only aggregation of groups`,
		"alone":     "alone.yaml:2: task: a member needs the key task or group",
		"d0":        "members, counted with repetitions",
	} {
		_, err := r.Resolve(strings.Split(pattern, ","))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", pattern, err, want)
		} else if len(err.Error()) > 1500 {
			t.Errorf("%s: an error of %d bytes", pattern, len(err.Error()))
		}
	}
	if _, err := r.Load("over"); err == nil {
		t.Error("Load takes a group")
	}
	var unknown *UnknownTaskError
	if _, err := r.Load("hellaswg"); !errors.As(err, &unknown) {
		t.Errorf("Load: %v", err)
	}
}

func TestTasksDir(t *testing.T) {
	r, warnings := newTestRegistry(t, map[string]string{
		"a/piqa.yaml":             strings.Replace(minimal, "task: t\n", "task: piqa\n", 1),
		"b/piqa.yaml":             strings.Replace(minimal, "task: t\n", "task: piqa\nnum_fewshot: 1\n", 1),
		"x.yaml":                  strings.Replace(minimal, "task: t\n", "task: x\ntag: ai2_arc\n", 1),
		"broken.yaml":             "task: [\n",
		"template.yaml":           "dataset_path: json\n",
		"__pycache__/hidden.yaml": minimal,
	})
	want := []string{" overrides piqa", "1 files are left out; the first: "}
	if len(*warnings) != 2 || !strings.HasSuffix((*warnings)[0], want[0]) || !strings.Contains((*warnings)[1], want[1]) {
		t.Errorf("warnings %q", *warnings)
	}
	task, err := r.Load("piqa")
	if err != nil || task.Builtin || task.NumFewshot != nil || filepath.Base(task.Dir) != "a" {
		t.Errorf("piqa is not the first of the folder: %+v, %v", task, err)
	}
	list, groups := r.List()
	at := slices.IndexFunc(list, func(l Listing) bool { return l.Task == "x" })
	if at < 0 || list[at].OutputType != "generate_until" || list[at].Dataset != "json" {
		t.Errorf("x is not listed right: %+v", list)
	}
	if slices.ContainsFunc(list, func(l Listing) bool { return l.Task == "t" || l.Task == "" }) || !slices.Contains(groups, "mmlu") || !slices.Contains(groups, "ai2_arc") {
		t.Errorf("list %v, groups %v", list, groups)
	}
	s, err := r.Resolve([]string{"ai2_arc"})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := names(s); !cmp.Equal(got, []string{"arc_challenge", "arc_easy", "x"}) {
		t.Errorf("the tag holds %v", got)
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(filepath.Dir(task.File)), link); err != nil {
		t.Skip("no links here")
	}
	if linked, err := NewRegistry(Options{TasksDirs: []string{link}}); err != nil || linked.entries["x"] == nil {
		t.Errorf("a link to a folder is not followed: %v", err)
	}
	if _, err := NewRegistry(Options{TasksDirs: []string{filepath.Join(t.TempDir(), "none")}}); err == nil {
		t.Error("a folder that is not there is no error")
	}
}
