package main

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

// exampleCommand is what of an example line the program is called with.
var exampleCommand = regexp.MustCompile(`\bllamaeval( [^<|#'()>]*('[^']*')?)*`)

// eachCommand calls f with every command and the words that name it; the
// program itself has none.
func eachCommand(commands []*cli.Command, path []string, f func(path []string, c *cli.Command)) {
	for _, c := range commands {
		here := append(slices.Clone(path), c.Name)
		f(here, c)
		eachCommand(c.Subcommands, here, f)
	}
}

// Help fits a screen and 80 columns, and begins with commands that work.
func TestHelpFits(t *testing.T) {
	limits := map[string]int{"": 24, "run": 40}
	check := func(path []string, all bool) {
		name := strings.Join(path, " ")
		limit, flag := 32, "--help"
		if n, ok := limits[name]; ok {
			limit = n
		}
		if all {
			limit, flag = 90, "--help-all"
		}
		var stdout, stderr bytes.Buffer
		if code := run(slices.Concat([]string{"llamaeval"}, path, []string{flag}), &stdout, &stderr); code != 0 || stderr.Len() > 0 {
			t.Errorf("%s %s: exit code %d, %s", name, flag, code, stderr.String())
		}
		lines := strings.Split(strings.TrimSuffix(stdout.String(), "\n"), "\n")
		if len(lines) > limit {
			t.Errorf("%s %s: %d lines, more than %d", name, flag, len(lines), limit)
		}
		for _, line := range lines {
			if n := utf8.RuneCountInString(line); n > helpWidth || line != strings.TrimRight(line, " ") {
				t.Errorf("%s %s: %d columns, or ends in a space: %q", name, flag, n, line)
			}
		}
		for i, line := range lines {
			if line == "" && i > 0 {
				break
			}
			example := exampleCommand.FindString(line)
			words := strings.Fields(strings.ReplaceAll(example, "'", ""))
			if len(words) < 2 {
				t.Errorf("%s %s does not begin with an example: %q", name, flag, line)
			} else if _, err := arrange(newApp(&stdout, &stderr), words); err != nil {
				t.Errorf("%s %s: %s: %v", name, flag, example, err)
			}
		}
	}
	check(nil, false)
	eachCommand(newApp(nil, nil).Commands, nil, func(path []string, c *cli.Command) {
		check(path, false)
		if lookup(c.Flags, helpAll) != nil {
			check(path, true)
		}
	})
}

// Every flag says what it does, and what holds without it.
func TestFlagsAreExplained(t *testing.T) {
	eachCommand(newApp(nil, nil).Commands, nil, func(path []string, c *cli.Command) {
		for _, flag := range c.Flags {
			f := flag.(cli.DocGenerationFlag)
			if f.GetUsage() == "" {
				t.Errorf("%s --%s has no text", path, f.Names()[0])
			}
			value, text := usageOf(f)
			if !f.TakesValue() {
				continue
			}
			if value == "" {
				t.Errorf("%s --%s does not name its value", path, f.Names()[0])
			}
			if !strings.Contains(text, "(default: ") && !strings.Contains(text, "(required)") {
				t.Errorf("%s --%s does not say its default: %s", path, f.Names()[0], text)
			}
		}
	})
}

// The first help leads from nothing to a gate, and all flags of `run` are in
// one of its two.
func TestHelpLeadsToGates(t *testing.T) {
	var first, common, all, stderr bytes.Buffer
	run([]string{"llamaeval"}, &first, &stderr)
	for _, want := range []string{"llamaeval doctor", "llamaeval run --task", "llamaeval compare", "--gate", "exit code 3"} {
		if !strings.Contains(first.String(), want) {
			t.Errorf("llamaeval --help says nothing of %s", want)
		}
	}
	run([]string{"llamaeval", "help", "run"}, &common, &stderr)
	run([]string{"llamaeval", "run", "--help-all"}, &all, &stderr)
	for _, f := range runCommand().Flags {
		if !strings.Contains(all.String(), "--"+f.Names()[0]) {
			t.Errorf("run --help-all says nothing of --%s", f.Names()[0])
		}
	}
	for _, want := range []string{"--task", "--gate", exitCodes, "--help-all"} {
		if !strings.Contains(common.String(), want) {
			t.Errorf("run --help says nothing of %s", want)
		}
	}
}
