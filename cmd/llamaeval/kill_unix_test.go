//go:build unix

package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/results"
)

// A world is a folder in which the program runs as a process of its own.
type world struct {
	dir    string
	binary string
	env    []string
}

func newWorld(t *testing.T, docs int, question string, model tinymodel.Options) *world {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{dir: dir, binary: filepath.Join(dir, "llamaeval")} // TestMain goes by the name
	if err := os.Symlink(self, w.binary); err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for i := range docs {
		fmt.Fprintf(&lines, `{"q": "What is %d times %d%s?", "a": "%d", "b": "%d"}`+"\n", i, i+3, question, i*(i+3), i*i)
	}
	const common = "dataset_path: json\ndataset_kwargs: {data_files: {test: docs.jsonl}}\ntest_split: test\ndoc_to_text: \"Q: {{q}}\\nA:\"\n"
	for name, text := range map[string]string{
		"docs.jsonl":  lines.String(),
		"choice.yaml": "task: choice\noutput_type: multiple_choice\ndoc_to_choice: \"{{[a, b]}}\"\ndoc_to_target: 0\n" + common,
		"text.yaml":   "task: text\noutput_type: generate_until\ndoc_to_target: \"{{a}}\"\ngeneration_kwargs: {until: [\"\\n\"], max_gen_toks: 6}\n" + common,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "tiny.gguf")
	if err := tinymodel.Write(path, model); err != nil {
		t.Fatal(err)
	}
	w.env = append(os.Environ(), "LLAMAEVAL_CACHE="+filepath.Join(dir, "cache"), "LLAMAEVAL_MODEL="+path, "HF_HUB_OFFLINE=1")
	return w
}

// command is a run into a folder.
func (w *world) command(out string, args ...string) *exec.Cmd {
	c := exec.Command(w.binary, append([]string{"run", "--tasks-dir", ".", "--quiet", "--threads", "2", "--out", out}, args...)...)
	c.Dir, c.Env = w.dir, w.env
	return c
}

func (w *world) files(t *testing.T, out string) []byte {
	t.Helper()
	var all []byte
	for _, name := range []string{results.SamplesFile, results.ScoresFile} {
		data, err := os.ReadFile(filepath.Join(w.dir, out, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data...)
	}
	return all
}

// A run that is killed at any moment goes on to the bytes of one that was not.
func TestKilledAtAnyMoment(t *testing.T) {
	kills := 8
	if os.Getenv("LLAMAEVAL_LONG") != "" {
		kills = 100
	}
	w := newWorld(t, 150, "", tinymodel.Options{Seed: 1, Layers: 4})
	for _, tt := range []struct {
		name  string
		share int // of the kills
		args  []string
	}{
		{"plain", 2, []string{"--task", "choice,text"}},
		{"sampling", 4, []string{"--task", "text", "--gen", "n=3,temperature=0.9"}},
		{"sequential", 4, []string{"--task", "choice", "--gate", "score(choice)>=0.99", "--sequential"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			whole := tt.name + "-whole"
			start := time.Now()
			if out, err := w.command(whole, tt.args...).CombinedOutput(); err != nil && tt.name != "sequential" {
				t.Fatalf("%v: %s", err, out)
			}
			took := min(time.Since(start), 5*time.Second) // a machine may stand still
			want := w.files(t, whole)
			resumed := 0
			for k := 0; k < kills/tt.share; k++ {
				out := fmt.Sprintf("%s-%d", tt.name, k/3)
				w.kill(t, out, time.Duration(rand.Float64()*float64(took)), tt.args)
				if k%3 < 2 && k+1 < kills/tt.share {
					continue // killed again
				}
				if text, err := w.command(out, tt.args...).CombinedOutput(); err != nil && tt.name != "sequential" {
					t.Fatalf("resuming: %v: %s", err, text)
				}
				if !bytes.Equal(w.files(t, out), want) {
					t.Fatal("the resumed run left other bytes")
				}
				if run, err := results.ReadRun(filepath.Join(w.dir, out)); err == nil && run.Resumed > 0 {
					resumed++
				}
			}
			t.Logf("a whole run took %v, %d of the killed ones were resumed", took, resumed)
		})
	}
}

// kill runs and kills; what is left is nothing half-written.
func (w *world) kill(t *testing.T, out string, after time.Duration, args []string) {
	t.Helper()
	c := w.command(out, args...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	_ = c.Process.Kill() // it may have ended
	_ = c.Wait()
	for _, name := range []string{results.SamplesFile, results.ScoresFile} {
		data, err := os.ReadFile(filepath.Join(w.dir, out, name))
		if err == nil && !bytes.HasSuffix(data, []byte("PAR1")) {
			t.Fatalf("a half-written %s was left", name)
		}
	}
	if data, err := os.ReadFile(filepath.Join(w.dir, out, results.RunFile)); err == nil && !bytes.HasSuffix(data, []byte("}\n")) {
		t.Fatalf("a half-written %s was left", results.RunFile)
	}
}

// One step of this model takes many seconds: plain Go, one thread, long
// prompts.
func slowWorld(t *testing.T) (*world, []string) {
	w := newWorld(t, 40, strings.Repeat(", a question of many words", 60), tinymodel.Options{Seed: 1, Type: quant.Q8_0, Layers: 4, Heads: 8, HeadDim: 64, FFN: 2048, Context: 4096})
	w.env = append(w.env, "LLAMAEVAL_ISA=portable")
	return w, []string{"--task", "choice", "--threads", "1"}
}

// running starts a run and waits until it computes.
func (w *world) running(t *testing.T, out string, args []string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	c := w.command(out, args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill(); _ = c.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if _, err := os.Stat(filepath.Join(w.dir, out, results.JournalFile)); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nothing was started: %s", &stderr)
		}
	}
	time.Sleep(300 * time.Millisecond)
	return c, &stderr
}

// SIGTERM ends a run within two seconds, however long its step takes, and a
// second run into its folder is told who is there.
func TestTerminatedInALongStep(t *testing.T) {
	w, args := slowWorld(t)
	c, stderr := w.running(t, "out", args)

	second, err := w.command("out", args...).CombinedOutput()
	host, _ := os.Hostname()
	holder := fmt.Sprintf("in use by process %d on %s since %s", c.Process.Pid, host, time.Now().Format("2006-01-02"))
	if code := exitCode(err); code != exitFailed || !strings.Contains(string(second), holder) || strings.Count(string(second), "\n") != 1 {
		t.Errorf("the second run: exit %d, %s; want %q", code, second, holder)
	}

	start := time.Now()
	if err := c.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err = c.Wait()
	took := time.Since(start)
	if code := exitCode(err); code != exitTerminated || !strings.Contains(stderr.String(), "interrupted by terminated") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	if took > 2*time.Second {
		t.Errorf("it took %v", took)
	}
	t.Logf("ended after %v", took)
}

func exitCode(err error) int {
	if err == nil {
		return 0
	}
	if exit, ok := err.(*exec.ExitError); ok {
		return exit.ExitCode()
	}
	return -1
}
