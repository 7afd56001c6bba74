package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

// A workflow is what of a GitHub workflow decides what runs.
type workflow struct {
	On   any
	Jobs map[string]struct {
		RunsOn string `yaml:"runs-on"`
		Steps  []workflowStep
	}
}

type workflowStep struct {
	Name, If, Uses, Run string
	With                map[string]any
}

func readmeWorkflow(t *testing.T) []workflowStep {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(name: eval.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("README.md has no workflow")
	}
	var w workflow
	if err := yaml.Unmarshal(block[1], &w); err != nil {
		t.Fatal(err)
	}
	job, ok := w.Jobs["eval"]
	if !ok || w.On == nil || job.RunsOn == "" {
		t.Fatalf("not a workflow: %+v", w)
	}
	return job.Steps
}

// The README's workflow does what it should: its steps run as they stand, but
// on a tiny model and the embedded sample, and with a `make build` that puts the
// tested program where the real one would.
func TestReadmeWorkflow(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the workflow's shell is not here")
	}
	steps := readmeWorkflow(t)
	dir := workflowFolder(t)
	for _, tt := range []struct {
		name, gates string
		codes       []int // of the steps that run the program
		summary     string
		junit       string
	}{
		{"passed", "d(piqa)>=-0.99 # so few items\nscore(arc_easy)>=0\n", []int{0, 0}, "passed", `failures="0"`},
		{"not passed", "score(piqa)>=1.01\n", []int{3, 3}, "failed", `failures="1"`},
		{"wrong usage", "piqa\n", []int{2, 2}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, old := range []string{"new", "gates.xml", "summary.md", "llamaeval/bin"} {
				if err := os.RemoveAll(filepath.Join(dir, old)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "eval/gates"), []byte(tt.gates), 0o644); err != nil {
				t.Fatal(err)
			}
			runWorkflow(t, dir, steps, tt.codes)
			for name, want := range map[string]string{"summary.md": tt.summary, "gates.xml": tt.junit} {
				data, err := os.ReadFile(filepath.Join(dir, name))
				if want != "" && (err != nil || !strings.Contains(string(data), want)) {
					t.Errorf("%s: %v, has no %s: %s", name, err, want, data)
				}
			}
		})
	}
}

// runWorkflow runs a job's steps: those after a failed one only if they ask
// for it. codes are the exit codes of those that run the program.
func runWorkflow(t *testing.T, dir string, steps []workflowStep, codes []int) {
	t.Helper()
	failed, made := false, codes[0] != 2
	for _, step := range steps {
		if failed && step.If != "always()" {
			continue
		}
		if step.Uses != "" {
			checkArtifacts(t, dir, step, made)
			continue
		}
		out, code := shell(t, dir, strings.ReplaceAll(step.Run, "--limit 500", "--limit 5 --sample"))
		failed = failed || code != 0
		want := 0
		if strings.Contains(step.Run, "bin/llamaeval") {
			if len(codes) == 0 {
				t.Fatalf("%s: one step more than expected runs the program", step.Name)
			}
			want, codes = codes[0], codes[1:]
		}
		if code != want {
			t.Errorf("%s%s: exit code %d, want %d\n%s", step.Name, step.Run, code, want, out)
		}
		if last := out[strings.LastIndexByte(strings.TrimSpace(out), '\n')+1:]; code == 3 && !strings.Contains(last, "not passed") {
			t.Errorf("%s: the last line does not say why: %s", step.Name, last)
		}
	}
	if len(codes) > 0 {
		t.Errorf("%d steps less than expected run the program", len(codes))
	}
}

// checkArtifacts asks for what a step uploads.
func checkArtifacts(t *testing.T, dir string, step workflowStep, made bool) {
	t.Helper()
	if !strings.HasPrefix(step.Uses, "actions/") || !strings.Contains(step.Uses, "@v") {
		t.Errorf("uses %s", step.Uses)
	}
	paths, _ := step.With["path"].(string)
	if !strings.Contains(step.Uses, "upload-artifact") || !made {
		return
	}
	for _, path := range strings.Fields(paths) {
		if _, err := os.Stat(filepath.Join(dir, path)); err != nil {
			t.Error(err)
		}
	}
}

// workflowFolder is a repository as the README describes it.
func workflowFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	program, err := exec.LookPath("llamaeval")
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"eval", "models", "llamaeval", "stub"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"base.gguf", "m.gguf"} {
		if err := tinymodel.Write(filepath.Join(dir, "models", name), tinymodel.Options{Seed: uint64(i + 1), Context: 4096}); err != nil {
			t.Fatal(err)
		}
	}
	build := "#!/bin/sh\n[ \"$*\" = '-C llamaeval build' ] && mkdir -p llamaeval/bin && ln -sf '" + program + "' llamaeval/bin/llamaeval\n"
	if err := os.WriteFile(filepath.Join(dir, "stub/make"), []byte(build), 0o755); err != nil {
		t.Fatal(err)
	}
	if out, code := shell(t, dir, program+" run --model models/base.gguf --task piqa,arc_easy --limit 5 --sample --out eval/base"); code != 0 {
		t.Fatal(out)
	}
	return dir
}

// shell runs a step as GitHub does.
func shell(t *testing.T, dir, script string) (output string, code int) {
	t.Helper()
	c := exec.Command("bash", "-e", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary.md"), "HF_HUB_OFFLINE=1",
		"LLAMAEVAL_CACHE="+filepath.Join(dir, "cache"), "PATH="+filepath.Join(dir, "stub")+":"+os.Getenv("PATH"))
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), c.ProcessState.ExitCode()
}
