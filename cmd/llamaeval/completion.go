package main

import (
	_ "embed"
	"io"
	"slices"
	"strings"
	"text/template"

	"github.com/urfave/cli/v2"
)

//go:embed completion/bash.tmpl
var bashTemplate string

//go:embed completion/zsh.tmpl
var zshTemplate string

//go:embed completion/fish.tmpl
var fishTemplate string

//go:embed completion/man.tmpl
var manTemplate string

func completionCommand() *cli.Command {
	shell := func(name, text, usage string) *cli.Command {
		return &cli.Command{
			Name: name, Usage: "print the completions of " + name, UsageText: usage,
			OnUsageError: wrongUsage, Action: printPages(text),
		}
	}
	return &cli.Command{
		Name:         "completion",
		Usage:        "print what makes a shell complete commands and flags",
		UsageText:    "source <(llamaeval completion bash)\nllamaeval completion fish > ~/.config/fish/completions/llamaeval.fish",
		OnUsageError: wrongUsage,
		Subcommands: []*cli.Command{
			shell("bash", bashTemplate, "source <(llamaeval completion bash)\nllamaeval completion bash > /etc/bash_completion.d/llamaeval"),
			shell("zsh", zshTemplate, "source <(llamaeval completion zsh)\nllamaeval completion zsh > \"${fpath[1]}/_llamaeval\""),
			shell("fish", fishTemplate, "llamaeval completion fish | source\nllamaeval completion fish > ~/.config/fish/completions/llamaeval.fish"),
		},
	}
}

func manCommand() *cli.Command {
	return &cli.Command{
		Name: "man", Usage: "print the manual page",
		UsageText:    "llamaeval man > llamaeval.1\nllamaeval man | man -l -",
		OnUsageError: wrongUsage, Action: printPages(manTemplate),
	}
}

// printPages fills a template with all pages. They are those of a fresh
// program: running one adds to its commands.
func printPages(text string) cli.ActionFunc {
	return func(c *cli.Context) error {
		if err := noArguments(c); err != nil {
			return err
		}
		return writePages(c.App.Writer, text, pagesOf(newApp(nil, nil)))
	}
}

func writePages(w io.Writer, text string, pages []helpPage) error {
	t, err := template.New("").Funcs(template.FuncMap{
		"quoted": shellQuoted, "zsh": zshText, "fish": fishQuoted, "roff": roffText, "function": functionName,
		"completes": completes, "upper": strings.ToUpper, "join": strings.Join, "argument": argument,
	}).Parse(text)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		Version, Tasks string
		Pages          []helpPage
		Valued         []pageFlag
	}{version, listTasks, pages, valued(pages)})
}

// listTasks is how a shell asks for the names of tasks.
const listTasks = "llamaeval tasks list --format csv --quiet 2>/dev/null | sed -n '2,${s/,.*//p;}'"

// completes says what a value or argument of this name may be: tasks, files,
// or something that no list has.
func completes(name string) string {
	switch strings.Trim(name, "[].") {
	case "TASK", "TASKS":
		return "tasks"
	case "FILE", "FOLDER", "DIR", "A B [C", "BASE NEW", "MODEL":
		return "files"
	}
	return "other"
}

// argument says it for a page's first argument; a command without any has
// none.
func argument(p helpPage) string {
	if p.Arguments == "" {
		return "none"
	}
	return completes(p.Arguments)
}

// valued returns every flag that takes a value once, by its first name.
func valued(pages []helpPage) []pageFlag {
	var out []pageFlag
	for _, p := range pages {
		for _, f := range p.Flags {
			if f.Value != "" && !slices.ContainsFunc(out, func(o pageFlag) bool { return o.Names[0] == f.Names[0] }) {
				out = append(out, f)
			}
		}
	}
	return out
}

func functionName(path string) string { return strings.Join(strings.Fields("_llamaeval "+path), "_") }

func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// zshText is a description inside a specification in single quotes.
func zshText(s string) string {
	return strings.NewReplacer("'", `'\''`, `\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`).Replace(s)
}

func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// roffText keeps dashes and backslashes as they are, and a line from being
// taken for a request.
func roffText(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(line)
		if strings.HasPrefix(line, ".") {
			line = `\&` + line
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}
