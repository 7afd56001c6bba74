package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/results/compare"
)

// Why a block of commands is not run by TestDocsCommands. It stands in a
// comment above the block: <!-- not run here: REASON -->.
var notRunHere = []string{
	"needs a network",
	"needs a GPU",
	"needs a cluster",
	"needs a server",
	"needs a cloud store",
	"builds and tests everything",
}

// A docCommand is a line of a fenced block that a reader types.
type docCommand struct {
	line   int
	text   string
	reason string // why it is not run
}

var (
	docFence  = regexp.MustCompile("^```(\\w*)$")
	docReason = regexp.MustCompile(`^<!-- not run here: (.*) -->$`)
	docCodes  = regexp.MustCompile(`# exit code (\d)(?: or (\d))?`)
	docGate   = regexp.MustCompile(`--gate '([^']*)'`)
	docSpan   = regexp.MustCompile("`(llamaeval [^`]*)`")
)

// docCommands returns the lines of blocks of shell commands, and those behind a
// prompt in blocks that show output.
func docCommands(t *testing.T, path string) []docCommand {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []docCommand
	inside, lang, reason, before := false, "", "", ""
	for i, line := range strings.Split(string(data), "\n") {
		fence := docFence.FindStringSubmatch(line)
		switch {
		case fence != nil && !inside:
			inside, lang, reason = true, fence[1], ""
			if m := docReason.FindStringSubmatch(before); m != nil {
				reason = m[1]
				if !slices.Contains(notRunHere, reason) {
					t.Errorf("%s:%d: %q is no reason not to run commands: see notRunHere", path, i, reason)
				}
			}
		case fence != nil:
			inside = false
		case inside && lang == "sh":
			if strings.TrimSpace(line) != "" {
				out = append(out, docCommand{i + 1, line, reason})
			}
		case inside && strings.HasPrefix(line, "$ "):
			out = append(out, docCommand{i + 1, line[2:], reason})
		case inside && lang == "" && (strings.HasPrefix(line, "llamaeval ") && !strings.Contains(line, "─") || strings.HasPrefix(line, "make ")), strings.HasPrefix(line, "    llamaeval "):
			t.Errorf("%s:%d: commands stand in blocks of the language sh", path, i+1)
		}
		before = line
	}
	return out
}

// Every command in README.md and docs does what it is said to do: it ends with
// exit code 0, or with the one in its comment. Commands run in the order of their
// page, in a folder with small models, on the embedded sample.
func TestDocsCommands(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the shell is not here")
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(pages) < 10 {
		t.Fatal(pages, err)
	}
	ready := docsFolder(t)
	sandbox := docsShell(ready, `llamaeval doctor --format json | grep -q '"works": *true'`) == nil
	skipped := map[string]int{}
	for _, page := range append([]string{"../../README.md"}, pages...) {
		commands := docCommands(t, page)
		for i, c := range commands {
			if c.reason == "" && !sandbox && strings.Contains(c.text, "--allow-code-execution") {
				commands[i].reason = "needs a sandbox"
			}
			if reason := commands[i].reason; reason != "" {
				skipped[reason]++
			}
		}
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			dir := pageFolder(t, ready, commands)
			for _, c := range commands {
				if c.reason == "" {
					runDocCommand(t, dir, page, c)
				}
			}
		})
	}
	for reason, n := range skipped {
		t.Logf("%d commands are not run here: %s", n, reason)
	}
}

// onSample makes a command one that needs no network and little time.
func onSample(command string) string {
	command = strings.NewReplacer("n=100", "n=2", "n=40", "n=2", "--limit 200", "--limit 4", "--items 200", "--items 4").Replace(command)
	for _, verb := range []string{"llamaeval run ", "llamaeval tasks show ", "llamaeval model diff "} {
		if !strings.Contains(command, "--tasks-dir") && !strings.Contains(command, "--text") {
			command = strings.ReplaceAll(command, verb, verb+"--sample ")
		}
	}
	return command
}

func runDocCommand(t *testing.T, dir, page string, c docCommand) {
	t.Helper()
	wants := []string{"0"}
	if m := docCodes.FindStringSubmatch(c.text); m != nil {
		wants = m[1:]
	}
	command := onSample(c.text)
	if target, ok := strings.CutPrefix(command, "make "); ok {
		root, err := filepath.Abs("../..")
		if err != nil {
			t.Fatal(err)
		}
		dir, command = root, "make -n "+target // whether it is there
	}
	err := docsShell(dir, command)
	code, output := "0", ""
	if err != nil {
		code, output = fmt.Sprint(err.code), err.output
	}
	if !slices.Contains(wants, code) {
		t.Errorf("%s:%d: %s\nexit code %s, want %s\n%s", page, c.line, command, code, strings.TrimSuffix(strings.Join(wants, " or "), " or "), output)
	}
}

type shellError struct {
	code   int
	output string
}

// docsShell runs a command as a reader would, without a network; nil if its exit
// code is 0.
func docsShell(dir, command string) *shellError {
	c := exec.Command("bash", "-o", "pipefail", "-c", command)
	c.Dir = dir
	c.Env = append(os.Environ(), "HF_HUB_OFFLINE=1", "HF_HOME="+dir, "OLLAMA_MODELS="+dir, "LLAMAEVAL_HUB=", "PAGER=cat",
		"LLAMAEVAL_CACHE="+filepath.Join(dir, "cache"), "LLAMAEVAL_MODEL="+filepath.Join(dir, "small", "default.gguf"))
	out, err := c.CombinedOutput()
	if err == nil {
		return nil
	}
	return &shellError{c.ProcessState.ExitCode(), string(out)}
}

// docsFolder has the models and runs that pages take for granted.
func docsFolder(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"M", "elsewhere", "mirror", "small"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, kind := range map[string]quant.Type{
		"m.gguf": quant.F32, "M/m.gguf": quant.F32, "small/default.gguf": quant.F32, "elsewhere/m.gguf": quant.F32, "m-f16.gguf": quant.F32, "m-q4_0.gguf": quant.Q4_0, "q8_0.gguf": quant.Q8_0, "q4_1.gguf": quant.Q4_0,
	} {
		seed := uint64(1)
		if name == "small/default.gguf" {
			seed = 2
		}
		if err := tinymodel.Write(filepath.Join(dir, name), tinymodel.Options{Seed: seed, Context: 4096, Type: kind}); err != nil {
			t.Fatal(err)
		}
	}
	for out, model := range map[string]string{"first": "m.gguf", "second": "m-q4_0.gguf"} {
		if err := docsShell(dir, "llamaeval run --model "+model+" --task gsm8k,piqa,mmlu_astronomy --sample --quiet --out "+out); err != nil {
			t.Fatal(err.output)
		}
	}
	return dir
}

// pageFolder copies what is ready to a new folder, with runs of all names but
// those that the page's own commands make.
func pageFolder(t *testing.T, ready string, commands []docCommand) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(ready)); err != nil {
		t.Fatal(err)
	}
	made := ""
	for _, c := range commands {
		made += c.text + " \n"
	}
	for name, from := range map[string]string{
		"base": "first", "new": "second", "results/base": "first", "results/tuned": "second",
		"results/a": "first", "results/b": "second", "results/m": "first",
	} {
		if strings.Contains(made, "--out "+name+" ") {
			continue
		}
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(ready, from))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Commands that text mentions exist, with their flags, and gates can be read.
func TestDocsMentionWhatExists(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range docSpan.FindAllStringSubmatch(string(data), -1) {
			words := strings.Fields(strings.NewReplacer("'", "", "...", "").Replace(m[1]))
			if slices.Contains(words, "COMMAND") {
				continue
			}
			if _, err := arrange(newApp(nil, nil), words); err != nil {
				t.Errorf("%s: %s: %v", page, m[1], err)
			}
		}
		for _, m := range docGate.FindAllStringSubmatch(string(data), -1) {
			if _, err := compare.ParseGate(m[1]); err != nil && !strings.Contains(m[1], "TASK") {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}

// Pictures that pages show are there, small enough to load, and the commands in
// the terminal's exist.
func TestDocsPictures(t *testing.T) {
	const most = 300_000 // bytes
	picture := regexp.MustCompile(`(?:\]\(|src=")((?:docs/)?images/[^)"]+)`)
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "../../README.md") {
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range picture.FindAllStringSubmatch(string(data), -1) {
			if info, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil || info.Size() > most {
				t.Errorf("%s: %s: %v, or more than %d bytes", page, m[1], err, most)
			}
		}
	}
	drawn, err := os.ReadFile("../../docs/images/terminal.svg")
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`>\$ (llamaeval [^<]*?)\\?<`).FindAllStringSubmatch(string(drawn), -1)
	if len(commands) == 0 {
		t.Error("the terminal shows no command")
	}
	for _, m := range commands {
		words := strings.Fields(strings.NewReplacer("&#39;", "", "&gt;", ">").Replace(m[1]))
		if _, err := arrange(newApp(nil, nil), words); err != nil {
			t.Errorf("docs/images/terminal.svg: %s: %v", m[1], err)
		}
	}
}
