package llamaeval

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// Everything that chooses a Go version chooses that of go.mod.
func TestOneGoVersion(t *testing.T) {
	version := regexp.MustCompile(`(?m)^go ([0-9]+\.[0-9]+)`)
	want := version.FindStringSubmatch(read(t, "go.mod"))[1]
	for path, pattern := range map[string]string{
		"scripts/tools/go.mod":     `(?m)^go ([0-9]+\.[0-9]+)`,
		"Dockerfile":               `FROM golang:([0-9.]+)-`,
		".devcontainer/Dockerfile": `FROM golang:([0-9.]+)-`,
		"README.md":                `Go ([0-9]+\.[0-9]+)`,
	} {
		if m := regexp.MustCompile(pattern).FindStringSubmatch(read(t, path)); m == nil || m[1] != want {
			t.Errorf("%s has Go %q, go.mod %s", path, m, want)
		}
	}
}

// The devcontainer is what its specification allows, as far as it is used
// here, and names a file that is there.
func TestDevcontainer(t *testing.T) {
	var c struct {
		Name              string
		Build             struct{ Dockerfile string }
		Mounts            []string
		PostCreateCommand string
		Customizations    map[string]struct {
			Extensions []string
			Settings   map[string]any
		}
	}
	d := json.NewDecoder(strings.NewReader(read(t, ".devcontainer/devcontainer.json")))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	read(t, filepath.Join(".devcontainer", c.Build.Dockerfile))
	for _, m := range c.Mounts {
		if !regexp.MustCompile(`^source=[a-z-]+,target=/[^,]+,type=volume$`).MatchString(m) {
			t.Errorf("mount %q", m)
		}
	}
	if c.Name == "" || !strings.HasSuffix(c.PostCreateCommand, "make build") {
		t.Errorf("%+v", c)
	}
}

// The Makefile has every target that people, hooks and workflows are told of.
func TestMakeTargets(t *testing.T) {
	makefile := read(t, "Makefile")
	targets := "build test test-long lint bench fuzz golden kernels cuda demo docs cover release"
	var hooks struct {
		Repos []struct{ Hooks []struct{ Entry string } }
	}
	if err := yaml.Unmarshal([]byte(read(t, ".pre-commit-config.yaml")), &hooks); err != nil {
		t.Fatal(err)
	}
	for _, r := range hooks.Repos {
		for _, h := range r.Hooks {
			if target, ok := strings.CutPrefix(h.Entry, "make "); ok {
				targets += " " + target
			}
		}
	}
	for _, m := range regexp.MustCompile(`run: make ([a-z-]+)`).FindAllStringSubmatch(read(t, ".github/workflows/ci.yml"), -1) {
		targets += " " + m[1]
	}
	for _, m := range regexp.MustCompile("`?make ([a-z-]+)`").FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1) {
		targets += " " + m[1]
	}
	for target := range strings.FieldsSeq(targets) {
		if !strings.Contains("\n"+makefile, "\n"+target+":") {
			t.Errorf("make has no target %s", target)
		}
	}
}

// CONTRIBUTING.md names files, tests and declarations that are there.
func TestContributingNamesWhatIsThere(t *testing.T) {
	var source strings.Builder
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (path == "bin" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if err == nil && strings.HasSuffix(path, ".go") && d.Type().IsRegular() && path != "house_test.go" {
			source.WriteString(read(t, path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	code := source.String()
	for _, m := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(read(t, "CONTRIBUTING.md"), -1) {
		name := m[1]
		switch {
		case regexp.MustCompile(`^[\w./*-]+/[\w./*-]+$`).MatchString(name) && !strings.HasPrefix(name, "bin/") && !strings.HasPrefix(name, "../") && name != "docs/bench-history.jsonl": // made by commands
			if found, _ := filepath.Glob(name); len(found) == 0 {
				t.Errorf("there is no %s", name)
			}
		case regexp.MustCompile(`^Test\w+$`).MatchString(name):
			if !strings.Contains(code, "func "+name+"(") {
				t.Errorf("there is no test %s", name)
			}
		case regexp.MustCompile(`^[a-z]+[A-Z]\w*$`).MatchString(name) && !strings.Contains(code, name):
			t.Errorf("no code has %s", name)
		}
	}
}
