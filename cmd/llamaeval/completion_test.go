package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

// printed is what a command prints.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := newApp(&out, io.Discard).RunContext(context.Background(), append([]string{"llamaeval"}, args...)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Every command and flag that the program has stands in each output, in the
// part that belongs to its command.
func TestCompletionsAreWhole(t *testing.T) {
	outputs := map[string]struct {
		text string
		part func(path string) (begin, end string)
		flag func(name string) string
	}{
		"bash": {printed(t, "completion", "bash"), func(path string) (string, string) { return "\t\t'" + path + "')\n", ";;" }, nil},
		"zsh": {printed(t, "completion", "zsh"), func(path string) (string, string) { return "\n" + functionName(path) + "() {\n", "\n}\n" },
			func(name string) string { return "'*" + dashed(name) }},
		"fish": {printed(t, "completion", "fish"), func(path string) (string, string) { return "__llamaeval_at " + path + "'", "\n\n" },
			func(name string) string {
				if len(name) == 1 {
					return " -s " + name
				}
				return " -l " + name
			}},
		"man": {printed(t, "man"), func(path string) (string, string) { return "\n.B llamaeval " + path + "\n", "\n.SH" },
			func(name string) string { return `\fB` + roffText(dashed(name)) + `\fR` }},
	}
	for name, o := range outputs {
		if o.flag == nil {
			o.flag = dashed
		}
		walk("", newApp(nil, nil).Commands, func(path string, c *cli.Command) {
			begin, end := o.part(path)
			_, part, found := strings.Cut(o.text, begin)
			if !found {
				t.Errorf("%s has no command %s", name, path)
				return
			}
			part, _, _ = strings.Cut(part, end)
			for _, sub := range c.Subcommands {
				if !strings.Contains(o.text, sub.Name) {
					t.Errorf("%s: %s has no %s", name, path, sub.Name)
				}
			}
			for _, f := range c.Flags {
				for _, n := range f.Names() {
					if !strings.Contains(part, o.flag(n)) {
						t.Errorf("%s: %s has no flag %s", name, path, n)
					}
				}
			}
		})
		if strings.Contains(o.text, "<no value>") || name != "man" && strings.Contains(o.text, "completion help") {
			t.Errorf("%s holds what is not to be typed", name)
		}
	}
}

func walk(parent string, commands []*cli.Command, f func(path string, c *cli.Command)) {
	for _, c := range commands {
		path := strings.TrimSpace(parent + " " + c.Name)
		f(path, c)
		walk(path, c.Subcommands, f)
	}
}

func dashed(name string) string { return strings.Repeat("-", min(2, len(name))) + name }

// completed asks real shells. Each script completes the last of its arguments.
var completed = map[string]string{
	"bash": `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _llamaeval; printf '%s\n' "${COMPREPLY[@]}"`,
	"fish": `source $argv[1]; set line $argv[2..-2]; complete -C(string join -- ' ' $line)' '$argv[-1] | string replace -r '\t.*' ''`,
	"zsh": `compdef() { :; }; _arguments() { print -l -- ${${@#\*}%%[=+\[:]*} }; _describe() { print -l -- ${${(P)4}%%:*} }
_values() { print -l -- ${@[4,-1]} }; file=$1; shift; words=("$@"); CURRENT=$#; PREFIX=${@[-1]}; source $file; _llamaeval`,
}

func TestShellsComplete(t *testing.T) {
	dir := t.TempDir()
	for shell, script := range completed {
		t.Run(shell, func(t *testing.T) {
			if _, err := exec.LookPath(shell); err != nil {
				t.Skip("no " + shell)
			}
			file := filepath.Join(dir, shell)
			if err := os.WriteFile(file, []byte(printed(t, "completion", shell)), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, tt := range []struct {
				line       string // its last word, maybe none, is to be completed
				want, miss string
				only       string // a shell; empty: all
			}{
				{"ru", "run", "reportx", ""},
				{"", "leaderboard", "--help", ""},
				{"--v", "--version", "run", ""},
				{"tasks ", "show validate new list", "run", ""},
				{"tasks show --s", "--shots --seed", "--plan", ""},
				{"run --f", "--fewshot --format", "--item", ""},
				{"model quantize --", "--help --quiet", "--shots", ""},
				{"run --task arc_e", "arc_easy", "piqa", "bash"},
				{"run --task piqa,arc_e", "piqa,arc_easy", "arc_easy", "bash"},
				{"run --task = arc_e", "arc_easy", "--task", "bash"},
				{"run --shots 3 --task gsm", "gsm8k", "run", "fish"},
				{"data pull gsm", "gsm8k", "--hub", ""},
			} {
				if tt.only != "" && tt.only != shell || shell == "zsh" && strings.HasPrefix(tt.line, "data pull") {
					continue
				}
				words := strings.Split("llamaeval "+tt.line, " ")
				args := append([]string{"-c", script}, append(map[string][]string{"bash": {"-"}, "zsh": {"-"}}[shell], append([]string{file}, words...)...)...)
				c := exec.Command(shell, args...)
				c.Env = append(os.Environ(), "LLAMAEVAL_CACHE="+dir, "HOME="+dir)
				out, err := c.CombinedOutput()
				got := strings.Fields(string(out))
				if err != nil && len(got) == 0 {
					t.Fatalf("%q: %v", tt.line, err)
				}
				for _, want := range strings.Fields(tt.want) {
					if !slices.Contains(got, want) {
						t.Errorf("%q has no completion %s: %q", tt.line, want, got)
					}
				}
				if slices.Contains(got, tt.miss) {
					t.Errorf("%q has the completion %s: %q", tt.line, tt.miss, got)
				}
			}
		})
	}
}

// overstruck is how a terminal without colours shows bold text and lines under
// it.
var overstruck = regexp.MustCompile(`.\x08`)

// The manual is what a formatter takes without complaint, and reads as the
// help does.
func TestManualRenders(t *testing.T) {
	file := filepath.Join(t.TempDir(), "llamaeval.1")
	if err := os.WriteFile(file, []byte(printed(t, "man")), 0o644); err != nil {
		t.Fatal(err)
	}
	rendered := 0
	for _, formatter := range [][]string{{"groff", "-man", "-Tascii", "-ww", "-rLL=200n"}, {"mandoc", "-Tascii", "-Owidth=200"}} {
		if _, err := exec.LookPath(formatter[0]); err != nil {
			continue
		}
		rendered++
		c := exec.Command(formatter[0], append(formatter[1:], file)...)
		var complaints bytes.Buffer
		c.Stderr = &complaints
		c.Env = append(os.Environ(), "GROFF_NO_SGR=1")
		out, err := c.Output()
		if err != nil || complaints.Len() > 0 {
			t.Errorf("%s: %v %s", formatter[0], err, complaints.String())
		}
		text := overstruck.ReplaceAllString(string(out), "")
		for _, want := range []string{"--limit-order ORDER", "llamaeval run --task gsm8k --shots 8", "llamaeval-out/<model>-<tasks>-<configuration>", "LLAMAEVAL_MODEL"} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("%s shows no %s", formatter[0], want)
			}
		}
	}
	if rendered == 0 {
		t.Skip("no groff, no mandoc")
	}
}

func TestVersion(t *testing.T) {
	known := func(v string) func() (*debug.BuildInfo, bool) {
		return func() (*debug.BuildInfo, bool) { return &debug.BuildInfo{Main: debug.Module{Version: v}}, true }
	}
	for _, tt := range []struct{ stamped, module, want string }{
		{"v1.2.3", "v1.0.0", "v1.2.3"}, {"", "v1.0.0", "v1.0.0"}, {"", "(devel)", "dev"}, {"", "", "dev"},
	} {
		if got := versionOf(tt.stamped, known(tt.module)); got != tt.want {
			t.Errorf("stamped %q, built as %q: %s, want %s", tt.stamped, tt.module, got, tt.want)
		}
	}
}
