// Package examples holds what people copy to run llamaeval on a scheduler; its
// tests run it as written.
package examples

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

const task = `
task: own
dataset_path: json
dataset_kwargs: {data_files: {train: docs.jsonl, test: docs.jsonl}}
training_split: train
test_split: test
output_type: multiple_choice
doc_to_text: "Q: {{q}}\nA:"
doc_to_choice: "{{[a, b]}}"
doc_to_target: 0
num_fewshot: 2
`

// A site is what the examples expect of a cluster: the program, a model, a
// task; and what one whole run leaves there.
type site struct {
	dir       string
	program   string
	arguments []string // of run
}

func newSite(t *testing.T) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{dir: dir, program: filepath.Join(dir, "bin", "llamaeval")}
	model, folder := filepath.Join(dir, "models", "model.gguf"), filepath.Join(dir, "tasks")
	for _, d := range []string{filepath.Dir(model), folder, filepath.Join(dir, "hub")} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "build", "-o", s.program, "../cmd/llamaeval").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := tinymodel.Write(model, tinymodel.Options{Seed: 1, Context: 4096}); err != nil {
		t.Fatal(err)
	}
	var docs strings.Builder
	for i := range 120 {
		fmt.Fprintf(&docs, `{"q": "What is %d times %d?", "a": "%d", "b": "%d"}`+"\n", i, i+3, i*(i+3), i*i)
	}
	for name, text := range map[string]string{"own.yaml": task, "docs.jsonl": docs.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.arguments = []string{"--model", model, "--task", "own", "--tasks-dir", folder}
	s.run(t, nil, s.program, append([]string{"run", "--out", filepath.Join(dir, "whole"), "--quiet"}, s.arguments...)...)
	return s
}

// run runs a command with the program on its PATH.
func (s *site) run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	out, err := s.try(env, name, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func (s *site) try(env []string, name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "PATH="+filepath.Dir(s.program)+":"+os.Getenv("PATH"), "LLAMAEVAL_CACHE="+filepath.Join(s.dir, "cache"))
	c.Env = append(c.Env, env...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s%s", c, err, out, &stderr)
	}
	return string(out), err
}

// isWhole compares a folder with that of the one whole run.
func (s *site) isWhole(t *testing.T, out string) {
	t.Helper()
	for _, name := range []string{"samples.parquet", "scores.parquet"} {
		want, err1 := os.ReadFile(filepath.Join(s.dir, "whole", name))
		got, err2 := os.ReadFile(filepath.Join(out, name))
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s of the merged run is not that of one run", name)
		}
	}
}

func long(t *testing.T) {
	if os.Getenv("LLAMAEVAL_LONG") == "" {
		t.Skip("LLAMAEVAL_LONG is not set")
	}
}

// The pods' commands, as the manifests have them but for the task, one after
// the other in the place of a cluster.
func TestKubernetesCommands(t *testing.T) {
	s := newSite(t)
	env := []string{"DATA=" + s.dir}
	shards := readJob(t, "kubernetes/shards.yaml")
	ours := strings.Replace(shards.command(t)[2], "--task mmlu --shots 5", strings.Join(s.arguments[2:], " "), 1)
	for i := range shards.Spec.Completions {
		s.run(t, append(env, fmt.Sprintf("JOB_COMPLETION_INDEX=%d", i)), "sh", "-euc", ours)
	}
	s.run(t, env, "sh", "-euc", readJob(t, "kubernetes/merge.yaml").command(t)[2])
	s.isWhole(t, filepath.Join(s.dir, "results", "mmlu"))
}

// A job is what the tests read of a manifest.
type job struct {
	Spec struct {
		Completions int
		Template    struct {
			Spec struct{ Containers []struct{ Command []string } }
		}
	}
}

func readJob(t *testing.T, path string) (j job) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = yaml.Unmarshal(data, &j)
	}
	if err != nil || len(j.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("%s: %v, %+v", path, err, j)
	}
	return j
}

func (j job) command(t *testing.T) []string {
	t.Helper()
	c := j.Spec.Template.Spec.Containers[0].Command
	if len(c) != 3 || c[0] != "/bin/sh" || c[1] != "-euc" {
		t.Fatalf("the command is %q", c)
	}
	return c
}

// The manifests are valid to the letter: no field is unknown.
func TestKubernetesSchema(t *testing.T) {
	long(t)
	python := python(t)
	for _, path := range []string{"kubernetes/shards.yaml", "kubernetes/merge.yaml"} {
		check := exec.Command(python, "-m", "kubernetes_validate", "--strict", "--kubernetes-version", "1.33", path)
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", path, err, out)
		}
	}
	data, err := os.ReadFile("kubernetes/shards.yaml")
	if err != nil {
		t.Fatal(err)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.yaml")
	if err := os.WriteFile(wrong, bytes.Replace(data, []byte("completionMode:"), []byte("completionsMode:"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(python, "-m", "kubernetes_validate", "--strict", "--kubernetes-version", "1.33", wrong).Run(); err == nil {
		t.Error("the checker takes a field that does not exist")
	}
}

func python(t *testing.T) string {
	t.Helper()
	c := exec.Command(filepath.Join(sharedtest.Root(t), "scripts", "examples-python"))
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestRay(t *testing.T) {
	long(t)
	python := python(t)
	s := newSite(t)
	out := filepath.Join(s.dir, "results")
	var printed string
	for try := range 3 {
		var err error
		printed, err = s.try(nil, python, append([]string{"ray/evaluate.py", "--shards", "3", "--out", out, "--"}, s.arguments...)...)
		if err == nil {
			break
		}
		// Ray itself gives up where its start takes half a minute.
		if try == 2 || !strings.Contains(err.Error(), "timed out during startup") {
			t.Fatal(err)
		}
	}
	if !strings.Contains(printed, "own") {
		t.Errorf("printed %q", printed)
	}
	s.isWhole(t, out)
}

// A real Slurm of one node. A second submission computes only what is missing.
func TestSlurm(t *testing.T) {
	long(t)
	if os.Getuid() != 0 {
		t.Skip("a Slurm of our own needs root")
	}
	s := newSite(t)
	script := filepath.Join(sharedtest.Root(t), "scripts", "slurm")
	if out, err := exec.Command(script, "install").CombinedOutput(); err != nil {
		t.Fatalf("scripts/slurm install: %v: %s", err, out)
	}
	cluster := filepath.Join(s.dir, "slurm")
	t.Cleanup(func() { s.run(t, nil, script, "stop", cluster) })
	s.run(t, nil, script, "start", cluster)

	out := filepath.Join(s.dir, "results")
	env := []string{"SLURM_CONF=" + filepath.Join(cluster, "slurm.conf"), "SHARDS=3", "OUT=" + out}
	submit := func() {
		s.run(t, env, "slurm/submit", s.arguments...)
		for range 3000 { // ten minutes, on a machine that does much else
			if s.run(t, env, "squeue", "--noheader") == "" {
				break
			}
			time.Sleep(200 * time.Millisecond)
		}
		if t.Failed() {
			return
		}
		if _, err := os.Stat(filepath.Join(out, "scores.parquet")); err != nil {
			logs, _ := filepath.Glob(out + ".shards/*.log")
			for _, l := range logs {
				text, _ := os.ReadFile(l)
				t.Logf("%s: %s", l, text)
			}
			t.Fatal(err)
		}
	}
	submit()
	s.isWhole(t, out)
	first, err := os.Stat(filepath.Join(out+".shards", "1", "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{out, filepath.Join(out+".shards", "2")} {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	submit()
	s.isWhole(t, out)
	if again, err := os.Stat(filepath.Join(out+".shards", "1", "run.json")); err != nil || !again.ModTime().Equal(first.ModTime()) {
		t.Errorf("shard 1 was computed again: %v", err)
	}
}
