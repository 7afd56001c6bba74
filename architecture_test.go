package llamaeval

import (
	"os/exec"
	"strings"
	"testing"
)

// Imports go one way. For each package the list names what it must not
// depend on, directly or through others.
func TestImportsGoOneWay(t *testing.T) {
	const module = "github.com/llamaeval/llamaeval/"
	forbidden := map[string][]string{
		"tasks/py":       {"tasks/scoring", "tasks/dataset", "prompts", "model", "kernels", "runner", "results"},
		"tasks/scoring":  {"tasks/dataset", "prompts", "model", "kernels", "runner", "results"},
		"tasks/dataset":  {"tasks/scoring", "prompts", "model", "kernels", "runner", "results"},
		"tasks":          {"prompts", "model", "kernels", "runner", "results"},
		"prompts/jinja":  {"tasks/scoring", "tasks/dataset", "model", "kernels", "runner", "results"},
		"prompts":        {"model", "kernels", "runner", "results"},
		"kernels":        {"tasks", "prompts", "model", "runner", "results"},
		"kernels/cpu":    {"tasks", "prompts", "model", "runner", "results"},
		"model":          {"tasks", "prompts", "runner", "results"},
		"runner/engine":  {"tasks", "prompts", "results"},
		"runner/journal": {"tasks", "prompts", "model", "kernels", "results"},
		"runner":         {"cmd"},
		"results":        {"tasks", "prompts", "model", "kernels", "runner"},
		"results/report": {"tasks", "prompts", "model", "kernels", "runner"},

		"results/divergence":       {"tasks", "prompts", "model", "kernels", "runner"},
		"results/anytime":          {"tasks", "prompts", "model", "kernels", "runner"},
		"results/compare":          {"tasks", "prompts", "model", "kernels", "runner"},
		"tasks/scoring/mathanswer": {"tasks/dataset", "prompts", "model", "kernels", "runner", "results"},
	}
	for pkg, never := range forbidden {
		out, err := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}}", "./"+pkg).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", pkg, err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			dep, ours := strings.CutPrefix(dep, module)
			if !ours {
				continue
			}
			for _, n := range never {
				if dep == n || strings.HasPrefix(dep, n+"/") && n != "tasks" {
					t.Errorf("%s depends on %s", pkg, dep)
				}
			}
		}
	}
}
