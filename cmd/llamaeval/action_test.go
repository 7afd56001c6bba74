package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

// An action is what of action.yml decides what runs.
type action struct {
	Inputs map[string]struct {
		Default  string
		Required bool
	}
	Outputs map[string]struct{ Value string }
	Runs    struct {
		Using string
		Steps []struct {
			ID, Name, If, Uses, Shell, Run string
			Env, With                      map[string]string
		}
	}
}

func readAction(t *testing.T) action {
	t.Helper()
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.Unmarshal(data, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// A runner is what GitHub gives a composite action's steps.
type actionRunner struct {
	t      *testing.T
	dir    string            // the job's working folder
	values map[string]string // of expressions
	path   string
	env    []string
}

// The action's steps do what they should: the program is built or fetched, a
// run's table goes to the summary, a gate that is not passed is the job's
// reason to fail.
func TestAction(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("bash may be another system's here")
	}
	a := readAction(t)
	dir := t.TempDir()
	model := filepath.Join(dir, "tiny model.gguf")
	if err := tinymodel.Write(model, tinymodel.Options{Context: 4096}); err != nil {
		t.Fatal(err)
	}
	release := actionRelease(t, dir)
	base := map[string]string{"model": model, "task": "piqa,arc_easy", "shots": "1", "limit": "5", "args": "--sample --system 'Answer, please.' --limit-order\nrandom"}
	for _, tt := range []struct {
		name             string
		inputs           map[string]string
		code             int
		summary, message string
	}{
		{"passed", map[string]string{"gate": "score(piqa)>=0\n\nscore(arc_easy)>=0\n"}, 0, "| piqa ", ""},
		{"against", map[string]string{"gate": "d(piqa)>=-0.01", "baseline": "passed", "version": "v1.2.3"}, 0, "passed", ""},
		{"not passed", map[string]string{"gate": "score(piqa)>=1.01"}, exitGate, "| piqa ", "::error title=llamaeval::llamaeval: "},
		{"wrong usage", map[string]string{"gate": "50% <of> piqa"}, exitUsage, "50% &lt;of> piqa", "50%25 <of> piqa"},
		{"no such release", map[string]string{"version": "v9.9.9"}, -1, "", ""},
		{"damaged release", map[string]string{"version": "v0.0.0-damaged"}, 1, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newActionRunner(t, a, dir, release)
			for name, value := range base {
				r.values["inputs."+name] = value
			}
			r.values["inputs.out"] = tt.name
			for name, value := range tt.inputs {
				r.values["inputs."+name] = value
			}
			out, code := r.job(a)
			if code != tt.code && (tt.code >= 0 || code == 0) {
				t.Errorf("exit code %d, want %d\n%s", code, tt.code, out)
			}
			summary, _ := os.ReadFile(filepath.Join(r.dir, "summary"))
			if !strings.Contains(string(summary), tt.summary) || !strings.Contains(out, tt.message) {
				t.Errorf("summary %q has no %q, or the log no %q:\n%s", summary, tt.summary, tt.message, out)
			}
			if code == exitGate && !strings.Contains(string(summary), "\n> llamaeval: ") {
				t.Errorf("the summary gives no reason: %s", summary)
			}
			if code == exitDone && r.expand(a.Outputs["results"].Value) != tt.name || tt.code == exitGate && r.expand(a.Outputs["code"].Value) != "3" {
				t.Errorf("outputs: %q", r.values)
			}
		})
	}
}

// newActionRunner is a machine whose go builds the tested program.
func newActionRunner(t *testing.T, a action, dir, release string) *actionRunner {
	t.Helper()
	program, err := exec.LookPath("llamaeval")
	if err != nil {
		t.Fatal(err)
	}
	temp, stub := t.TempDir(), t.TempDir()
	// go build -C SOURCE ... -o FOLDER/ ./cmd/llamaeval
	build := "#!/bin/sh\n[ \"$1 $2 $3\" = 'build -C /source' ] || exit 9\nwhile [ \"$1\" != -o ]; do shift; done\n[ \"$3\" = ./cmd/llamaeval ] && ln -s '" + program + "' \"$2/llamaeval\"\n"
	if err := os.WriteFile(filepath.Join(stub, "go"), []byte(build), 0o755); err != nil {
		t.Fatal(err)
	}
	r := &actionRunner{t: t, dir: dir, path: stub + ":" + os.Getenv("PATH"), values: map[string]string{
		"github.action_path": "/source", "github.action_ref": "v1", "runner.temp": temp,
	}}
	for name, in := range a.Inputs {
		r.values["inputs."+name] = in.Default
	}
	for _, name := range []string{"output", "path", "summary"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r.env = append(os.Environ(), "RUNNER_TEMP="+temp, "RUNNER_OS=Linux", "RUNNER_ARCH=X64", "LLAMAEVAL_RELEASES="+release, "HF_HUB_OFFLINE=1",
		"GITHUB_OUTPUT="+filepath.Join(dir, "output"), "GITHUB_PATH="+filepath.Join(dir, "path"), "GITHUB_STEP_SUMMARY="+filepath.Join(dir, "summary"))
	return r
}

// job runs all steps, up to one that fails.
func (r *actionRunner) job(a action) (output string, code int) {
	for _, step := range a.Runs.Steps {
		if step.Uses != "" {
			if !strings.HasPrefix(step.Uses, "actions/") || !strings.Contains(step.Uses, "@v") {
				r.t.Errorf("uses %s", step.Uses)
			}
			for _, v := range step.With {
				r.expand(v)
			}
			continue
		}
		if step.Shell != "bash" {
			r.t.Errorf("%s: shell %q", step.Name, step.Shell)
		}
		c := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.Run)
		c.Dir, c.Env = r.dir, append(slices.Clone(r.env), "PATH="+r.path)
		for name, v := range step.Env {
			c.Env = append(c.Env, name+"="+r.expand(v))
		}
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			r.t.Fatal(err)
		}
		output += string(out)
		r.keep(step.ID)
		if code = c.ProcessState.ExitCode(); code != 0 {
			break
		}
	}
	return output, code
}

// keep takes up what a step left for those after it.
func (r *actionRunner) keep(id string) {
	for _, name := range []string{"output", "path"} {
		data, err := os.ReadFile(filepath.Join(r.dir, name))
		if err != nil {
			r.t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			line = strings.TrimSuffix(line, "\n")
			if key, value, ok := strings.Cut(line, "="); name == "output" && ok {
				r.values["steps."+id+".outputs."+key] = value
			} else if name == "path" {
				r.path = line + ":" + r.path
			}
		}
		if err := os.Truncate(filepath.Join(r.dir, name), 0); err != nil {
			r.t.Fatal(err)
		}
	}
}

var expression = regexp.MustCompile(`\$\{\{ *([a-z_.]+) *\}\}`)

// expand replaces expressions, all of which must be known.
func (r *actionRunner) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		name := expression.FindStringSubmatch(e)[1]
		value, known := r.values[name]
		if !known && !strings.HasPrefix(name, "steps.") {
			r.t.Errorf("%s is not known", name)
		}
		return value
	})
}

// actionRelease is a place with a release of the tested program, in the layout
// of scripts/release, and one whose archive is not what its sum says.
func actionRelease(t *testing.T, dir string) (url string) {
	t.Helper()
	program, err := exec.LookPath("llamaeval")
	if err != nil {
		t.Fatal(err)
	}
	link := []byte("#!/bin/sh\nexec '" + program + "' \"$@\"\n")
	for version, damage := range map[string]string{"v1.2.3": "", "v0.0.0-damaged": "more"} {
		var b bytes.Buffer
		packed := gzip.NewWriter(&b)
		w := tar.NewWriter(packed)
		folder := "llamaeval_" + version + "_linux_amd64"
		if err := w.WriteHeader(&tar.Header{Name: folder + "/llamaeval", Mode: 0o755, Size: int64(len(link))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(link); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Close(), packed.Close()); err != nil {
			t.Fatal(err)
		}
		sums := fmt.Appendf(nil, "%x  other.zip\n%x  %s.tar.gz\n", sha256.Sum256(nil), sha256.Sum256(append(b.Bytes(), damage...)), folder)
		if err := os.MkdirAll(filepath.Join(dir, "releases", version), 0o755); err != nil {
			t.Fatal(err)
		}
		for name, data := range map[string][]byte{folder + ".tar.gz": b.Bytes(), "SHA256SUMS": sums} {
			if err := os.WriteFile(filepath.Join(dir, "releases", version, name), data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return "file://" + filepath.Join(dir, "releases")
}
