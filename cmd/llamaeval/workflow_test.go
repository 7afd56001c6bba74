package main

import (
	"fmt"
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

// The README's workflow is a workflow, and its commands do what they should:
// they run as they stand, but on a tiny model and the embedded sample.
func TestReadmeWorkflow(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the workflow's shell is not here")
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```yaml\n(name: eval.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("README.md has no workflow")
	}
	var workflow struct {
		On   any
		Jobs map[string]struct {
			Steps []struct {
				Name, If, Uses, Run string
				With                map[string]any
			}
		}
	}
	if err := yaml.Unmarshal(block[1], &workflow); err != nil {
		t.Fatal(err)
	}
	dir := workflowFolder(t)
	ran := 0
	for _, step := range workflow.Jobs["eval"].Steps {
		if !strings.Contains(step.Run, "bin/llamaeval") {
			continue
		}
		ran++
		if out, err := shell(dir, strings.ReplaceAll(step.Run, "--limit 500", "--limit 5 --sample")); err != nil {
			t.Errorf("%s: %v\n%s", step.Name, err, out)
		}
	}
	if ran != 2 {
		t.Errorf("%d steps ran the program, want 2", ran)
	}
	for name, want := range map[string]string{"summary.md": "passed", "gates.xml": `failures="0"`} {
		if data, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !strings.Contains(string(data), want) {
			t.Errorf("%s: %v, has no %s: %s", name, err, want, data)
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
	for _, sub := range []string{"eval", "models", "llamaeval/bin"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"base.gguf", "m.gguf"} {
		if err := tinymodel.Write(filepath.Join(dir, "models", name), tinymodel.Options{Seed: uint64(i + 1), Context: 4096}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(program, filepath.Join(dir, "llamaeval/bin/llamaeval")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "eval/gates"), []byte("d(piqa)>=-0.99 # so few items\nscore(arc_easy)>=0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := shell(dir, "llamaeval/bin/llamaeval run --model models/base.gguf --task piqa,arc_easy --limit 5 --sample --out eval/base"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// shell runs a step of a workflow.
func shell(dir, script string) (output []byte, err error) {
	c := exec.Command("sh", "-e", "-c", script)
	c.Dir = dir
	c.Env = append(os.Environ(), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary.md"), "HF_HUB_OFFLINE=1", fmt.Sprintf("LLAMAEVAL_CACHE=%s", filepath.Join(dir, "cache")))
	return c.CombinedOutput()
}
