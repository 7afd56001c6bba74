package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/llamaeval/llamaeval/model/fetch"
	"github.com/llamaeval/llamaeval/results"
)

// printScript writes the shell commands that repeat the run of a run.json, or
// of the folder that holds one.
func printScript(w io.Writer, path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, results.RunFile)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	run, err := results.ParseRun(path, data)
	if err != nil {
		return err
	}
	text, err := scriptOf(run)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	_, err = io.WriteString(w, text)
	return err
}

// scriptOf makes the script: get the program, say what must be at hand, run,
// compare the hashes of what the run leaves. A run.json may come from anybody,
// so each of its texts is quoted, or a word in a comment.
func scriptOf(run results.Run) (string, error) {
	if len(run.Config.Tasks) == 0 || !results.IsHash(run.ConfigHash) || !results.IsHash(run.Config.ModelHash) && run.Config.Server == nil {
		return "", errors.New("it names no tasks, no model or no configuration: is it a whole run.json of this program?")
	}
	if all, err := json.Marshal(run); err != nil || strings.Contains(string(all), `\u0000`) {
		return "", errors.New("it holds a NUL character, which no shell can pass on")
	}
	var b strings.Builder
	note := func(format string, args ...any) {
		fmt.Fprintf(&b, "# %s\n", oneLine(printable(fmt.Sprintf(format, args...))))
	}
	b.WriteString("#!/bin/sh\n")
	note("Repeats the run %.8s of %s, in a folder of its own: sh SCRIPT [MODEL]", run.ConfigHash, run.Started.UTC().Format("2006-01-02"))
	note("It was computed on %s/%s (%s).", run.OS, run.Arch, run.Config.ISA)
	fmt.Fprintf(&b, "set -eu\nout=reproduction-%.8s\n", run.ConfigHash)
	b.WriteString(programLines(run, note))
	b.WriteString(modelLines(run, note))
	for _, text := range missingParts(run) {
		note("%s", text)
	}
	b.WriteString("llamaeval run --model=\"$model\"")
	for _, flag := range runFlags(run) {
		b.WriteString(" \\\n  " + shellQuoted(flag))
	}
	b.WriteString(" \\\n  --out=\"$out\"\n")
	b.WriteString(sumLines(run, note))
	return b.String(), nil
}

// printable leaves out what steers a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || unicode.IsSpace(r) {
			return r
		}
		return -1
	}, s)
}

// What a version may say of the commit: a release or a module's version as it
// is, and the commit that `git describe` names.
var (
	moduleVersion = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?(\+incompatible)?$`)
	describedAs   = regexp.MustCompile(`^(?:.*-[0-9]+-g)?([0-9a-f]{7,40})$`)
)

// programLines install the run's version, where it is one that can be had.
func programLines(run results.Run, note func(string, ...any)) string {
	version, changed := strings.CutSuffix(strings.TrimSuffix(run.Version, "+dirty"), "-dirty")
	if changed || strings.HasSuffix(run.Version, "+dirty") {
		note("The program was built from a changed checkout; this is what it was changed from.")
	}
	if m := describedAs.FindStringSubmatch(version); m != nil {
		version = m[1]
	} else if !moduleVersion.MatchString(version) {
		note("Which version it was is not known (%q): the llamaeval on the PATH is used.", run.Version)
		return ""
	}
	if run.Config.Device == "cuda" {
		note("It ran on a GPU: put a llamaeval of version %s, built by `make cuda`, on the PATH.", version)
		return ""
	}
	return "GOBIN=\"$PWD/$out-bin\" go install " + shellQuoted("github.com/llamaeval/llamaeval/cmd/llamaeval@"+version) + "\nPATH=$PWD/$out-bin:$PATH\n"
}

var commitName = regexp.MustCompile(`(?:^|[/\\])([0-9a-f]{40})(?:[/\\]|$)`)

// modelLines set $model: what the run's command named where that can be had
// anywhere, else where the file was, and check a single file's hash.
func modelLines(run results.Run, note func(string, ...any)) string {
	name := run.ModelPath
	if given := commandFlag(run.Command, "model"); strings.HasPrefix(given, "hf:") || strings.HasPrefix(given, "ollama:") || run.Config.Server != nil {
		name = given
	}
	for _, a := range fetch.Aliases() {
		if a.SHA256 == run.Config.ModelHash {
			name = a.Name
		}
	}
	if m := commitName.FindStringSubmatch(run.ModelPath); m != nil && strings.HasPrefix(name, "hf:") && !strings.Contains(name, "@") {
		repo, file, _ := strings.Cut(strings.TrimPrefix(name, "hf:"), ":")
		name = "hf:" + repo + "@" + m[1]
		if file != "" {
			name += ":" + file
		}
	}
	note("The model: %s, SHA-256 %s.", run.Config.Model, run.Config.ModelHash)
	lines := "model=" + shellQuoted(name) + "\nmodel=${1:-$model}\n"
	if run.Config.Server == nil {
		lines += "llamaeval model info \"$model\" --format json --quiet | grep -q " + run.Config.ModelHash + " ||\n" +
			"  { echo \"$model is not the model of the run: say where that is, sh $0 MODEL\" >&2; exit 1; }\n"
	}
	return lines
}

// missingParts are what a run.json cannot bring along.
func missingParts(run results.Run) []string {
	var out []string
	c := run.Config
	for _, dir := range run.Origin.TasksDirs {
		out = append(out, fmt.Sprintf("It read task files of its own from %s: they must be there.", dir))
	}
	if hub := run.Origin.Hub; hub != "" && !strings.Contains(hub, "://") {
		out = append(out, fmt.Sprintf("It read data from the folder %s: it must be there.", hub))
	}
	if s := c.Documents.Sequential; s != nil && s.Base != "" {
		out = append(out, fmt.Sprintf("It stopped early against the run in %s: it must be there.", run.Origin.Against))
	}
	if c.Chat && run.ChatSource != "" && run.ChatSource != "checkpoint" {
		out = append(out, fmt.Sprintf("Its chat template came from the file %s, SHA-256 %s: it must lie beside the model.", run.ChatSource, c.ChatTemplate))
	}
	if c.Sandbox == "process" {
		out = append(out, "It ran generated programs without a sandbox; the line below asks for one.")
	}
	if run.Finished.IsZero() {
		out = append(out, "The run had not ended.")
	}
	return out
}

// runFlags are the flags of `llamaeval run` that give a run's configuration,
// but for model and folder. Each is one word.
func runFlags(run results.Run) []string {
	c, d := run.Config, run.Config.Documents
	out := []string{"--task=" + strings.Join(selectedNames(run), ",")}
	add := func(given bool, name, value string) {
		if given {
			out = append(out, "--"+name+"="+value)
		}
	}
	for _, dir := range run.Origin.TasksDirs {
		add(true, "tasks-dir", dir)
	}
	add(run.Origin.Hub != "", "hub", run.Origin.Hub)
	add(d.Sample, "sample", "true")
	if c.Shots != nil {
		add(true, "shots", strconv.Itoa(*c.Shots))
	}
	add(c.FewShot != "", "fewshot", c.FewShot)
	add(d.Limit > 0, "limit", strconv.FormatFloat(d.Limit, 'f', -1, 64))
	add(d.LimitOrder != "" && d.LimitOrder != "first", "limit-order", d.LimitOrder)
	add(len(d.Items) > 0, "items", strings.ReplaceAll(strings.Trim(fmt.Sprint(d.Items), "[]"), " ", ","))
	add(true, "seed", strconv.FormatInt(c.Seed, 10))
	if len(c.Generation) > 0 {
		options, _ := json.Marshal(c.Generation) // came from JSON
		add(true, "gen", string(options))
	}
	add(c.Chat, "chat", map[bool]string{false: string(chatTurns), true: string(chatMessage)}[c.ChatShots == string(chatMessage)])
	add(c.System != "", "system", c.System)
	add(c.BOS != "", "bos", c.BOS)
	add(d.Shard != "", "shard", d.Shard)
	if s := d.Sequential; s != nil {
		add(true, "sequential", "true")
		for _, gate := range s.Gates {
			add(true, "gate", gate)
		}
		add(s.Base != "", "against", run.Origin.Against)
	}
	if c.Server == nil {
		add(c.Mode != "", "mode", c.Mode)
		add(c.Device != "", "device", c.Device)
	} else {
		for _, name := range []string{"tokenizer", "server"} {
			add(commandFlag(run.Command, name) != "", name, commandFlag(run.Command, name))
		}
	}
	add(c.Sandbox != "", "allow-code-execution", "true")
	add(strings.HasPrefix(c.Sandbox, "wasm"), "sandbox", commandFlag(run.Command, "sandbox"))
	return out
}

// commandFlag finds a flag's last value in a command line.
func commandFlag(command []string, name string) string {
	value := ""
	for i, word := range command {
		flag, v, ok := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if flag != name || !strings.HasPrefix(word, "-") {
			continue
		}
		if !ok && i+1 < len(command) {
			v = command[i+1]
		}
		value = v
	}
	return value
}

// sumLines compare the Parquet files with the run's, whose bytes follow from
// the configuration.
func sumLines(run results.Run, note func(string, ...any)) string {
	var sums []string
	for _, name := range []string{results.SamplesFile, results.ScoresFile} {
		if hash := run.Files[name]; results.IsHash(hash) {
			sums = append(sums, hash+"  "+name)
		}
	}
	if len(sums) == 0 || run.Config.Server != nil {
		return ""
	}
	note("The same bits leave the same files, on a processor that has the run's instruction set.")
	return "cd \"$out\"\nif command -v sha256sum > /dev/null; then sums=sha256sum; else sums='shasum -a 256'; fi\n$sums -c <<'SUMS'\n" + strings.Join(sums, "\n") + "\nSUMS\n"
}
