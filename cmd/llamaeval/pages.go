package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// A helpPage is what --help says of one command. Completions and the manual are
// made from all of them, so that there is one definition of each.
type helpPage struct {
	Path      string // below llamaeval, "tasks list"; empty: the program itself
	Usage     string
	Arguments string // as in the help, "DIR..."
	Text      string // examples, a line each
	Flags     []pageFlag
	Commands  []pageCommand
}

// A pageFlag is a flag as a reader types it.
type pageFlag struct {
	Names []string // with their dashes
	Value string   // what it takes; empty: nothing
	Usage string
	Says  string // its default, or what stands for one
	Env   []string
}

// A pageCommand is a line in the list of a command's commands.
type pageCommand struct{ Name, Usage string }

// pagesOf returns the page of the program and one for each command, parents
// first.
func pagesOf(app *cli.App) []helpPage {
	root := helpPage{Usage: app.Usage, Text: app.UsageText, Flags: pageFlags([]cli.Flag{cli.HelpFlag, cli.VersionFlag})}
	root.Commands = listed(app.Commands)
	return append([]helpPage{root}, commandPages("", app.Commands)...)
}

func commandPages(parent string, commands []*cli.Command) []helpPage {
	var out []helpPage
	for _, c := range commands {
		if c.Hidden {
			continue
		}
		p := helpPage{Path: strings.TrimSpace(parent + " " + c.Name), Usage: c.Usage, Arguments: c.ArgsUsage, Text: c.UsageText}
		p.Flags, p.Commands = append(pageFlags(c.Flags), pageFlags([]cli.Flag{cli.HelpFlag})...), listed(c.Subcommands)
		out = append(append(out, p), commandPages(p.Path, c.Subcommands)...)
	}
	return out
}

func listed(commands []*cli.Command) []pageCommand {
	var out []pageCommand
	for _, c := range commands {
		if !c.Hidden {
			out = append(out, pageCommand{c.Name, c.Usage})
		}
	}
	return out
}

func pageFlags(flags []cli.Flag) []pageFlag {
	var out []pageFlag
	for _, f := range flags {
		d, ok := f.(cli.DocGenerationFlag)
		if v, can := f.(cli.VisibleFlag); !ok || can && !v.IsVisible() {
			continue
		}
		p := pageFlag{Says: d.GetDefaultText(), Env: d.GetEnvVars()}
		p.Value, p.Usage = placeholder(d.GetUsage())
		if !d.TakesValue() {
			p.Value, p.Says = "", ""
		} else if p.Value == "" {
			p.Value = "VALUE"
		}
		for _, name := range d.Names() {
			p.Names = append(p.Names, strings.Repeat("-", min(2, len(name)))+name)
		}
		out = append(out, p)
	}
	return out
}

// placeholder finds the `NAME` that a usage text marks, as the help does.
func placeholder(usage string) (name, text string) {
	before, rest, _ := strings.Cut(usage, "`")
	name, after, ok := strings.Cut(rest, "`")
	if !ok {
		return "", usage
	}
	return name, before + name + after
}
