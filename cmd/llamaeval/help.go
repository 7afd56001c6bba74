package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/urfave/cli/v2"
)

func init() {
	cli.HelpPrinter = func(w io.Writer, _ string, of any) {
		switch of := of.(type) {
		case *cli.App:
			appHelp(w, of)
		case *cli.Command:
			commandHelp(w, of, false)
		}
	}
}

const (
	helpWidth = 80 // columns of all help
	helpLeft  = 22 // columns at most for the flags, or their texts begin on the next line
	manyFlags = 18 // so many are listed under headings

	helpAll   = "help-all"
	exitCodes = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate was not passed."
)

// A section is a heading of a help with its flags, the everyday ones first.
// The rare ones are shown by --help-all.
type section struct {
	title        string
	common, rare []string
}

var sections = []section{
	{"What is asked", []string{"model", "task", "text", "item", "shots", "limit", "gen", "chat"}, []string{"items", "context", "score", "limit-order", "fewshot", "seed", "system", "bos"}},
	{"Data", []string{"sample", "offline"}, []string{"hub", "tasks-dir"}},
	{"Results", []string{"out", "plan", "format", "quiet"}, []string{"reference"}},
	{"Gates", []string{"against", "gate"}, []string{"gate-file", "sequential"}},
	{"This machine", []string{"threads", "memory"}, []string{"device", "mode", "shard"}},
	{"Programs that a model writes", nil, []string{"allow-code-execution", "sandbox", "unsafe-code-execution"}},
	{"A model behind a server", nil, []string{"concurrency", "tokenizer", "server"}},
}

// addHelpAll gives commands with rare flags --help-all.
func addHelpAll(commands []*cli.Command) {
	for _, c := range commands {
		addHelpAll(c.Subcommands)
		if len(c.Flags) < manyFlags {
			continue
		}
		action := c.Action
		c.Flags = append(c.Flags, &cli.BoolFlag{Name: helpAll, Usage: "show all flags"})
		c.Action = func(ctx *cli.Context) error {
			if ctx.Bool(helpAll) {
				commandHelp(ctx.App.Writer, ctx.Command, true)
				return nil
			}
			return action(ctx)
		}
	}
}

func appHelp(w io.Writer, app *cli.App) {
	fmt.Fprintf(w, "%s\n\n", app.UsageText)
	listCommands(w, app.VisibleCommands())
	fmt.Fprint(w, "\nllamaeval COMMAND --help says more; --version, -v prints the version.\n")
}

func commandHelp(w io.Writer, c *cli.Command, all bool) {
	fmt.Fprintf(w, "%s\n\n", c.UsageText)
	usage := c.HelpName
	if c.ArgsUsage != "" {
		usage += " " + c.ArgsUsage
	}
	for _, line := range wrapped(usage+": "+c.Usage+".", helpWidth) {
		fmt.Fprintln(w, line)
	}
	if c.Description != "" {
		fmt.Fprintln(w, c.Description)
	}
	if parts := subcommands(c); len(parts) > 0 {
		fmt.Fprintln(w)
		listCommands(w, parts)
		fmt.Fprintf(w, "\n%s COMMAND --help says more.\n", c.HelpName)
		return
	}
	own := slices.DeleteFunc(slices.Clone(c.Flags), func(f cli.Flag) bool { return f.Names()[0] == "help" || f.Names()[0] == helpAll })
	fmt.Fprintln(w)
	hidden := false
	for _, part := range partition(own, all) {
		hidden = hidden || part.hidden
		if part.title != "" && len(part.flags) > 0 {
			fmt.Fprintln(w, part.title)
		}
		for _, f := range part.flags {
			printFlag(w, f)
		}
	}
	if hidden {
		fmt.Fprintf(w, "\n%s --help-all shows all flags.\n", c.HelpName)
	}
}

type flagPart struct {
	title  string
	flags  []cli.Flag
	hidden bool // there are more, which are rare
}

// partition puts flags under headings, if there are many.
func partition(own []cli.Flag, all bool) []flagPart {
	if len(own) < manyFlags {
		return []flagPart{{flags: own}}
	}
	var out []flagPart
	left := slices.Clone(own)
	take := func(names []string) (taken []cli.Flag) {
		for _, name := range names {
			if f := lookup(left, name); f != nil {
				taken = append(taken, f)
				left = slices.DeleteFunc(left, func(g cli.Flag) bool { return g == f })
			}
		}
		return taken
	}
	for _, s := range sections {
		p := flagPart{title: s.title, flags: take(s.common)}
		if rare := take(s.rare); all {
			p.flags = append(p.flags, rare...)
		} else {
			p.hidden = len(rare) > 0
		}
		out = append(out, p)
	}
	return append(out, flagPart{title: "Other", flags: left})
}

// subcommands are a command's own, without the library's help.
func subcommands(c *cli.Command) []*cli.Command {
	return slices.DeleteFunc(slices.Clone(c.Subcommands), func(sub *cli.Command) bool { return sub.Name == "help" || sub.Hidden })
}

func listCommands(w io.Writer, commands []*cli.Command) {
	width := 0
	for _, c := range commands {
		width = max(width, len(c.Name))
	}
	for _, c := range commands {
		fmt.Fprintf(w, "  %-*s  %s\n", width, c.Name, c.Usage)
	}
}

// printFlag prints one flag: its names and value, what it does, its default.
func printFlag(w io.Writer, flag cli.Flag) {
	f, ok := flag.(cli.DocGenerationFlag)
	if !ok {
		return
	}
	value, text := usageOf(f)
	left := "  --" + f.Names()[0]
	if value != "" {
		left += " " + value
	}
	if len(f.Names()) > 1 {
		left = fmt.Sprintf("  -%s,%s", f.Names()[1], left[1:])
	}
	if utf8.RuneCountInString(left) > helpLeft-1 {
		fmt.Fprintln(w, left)
		left = ""
	}
	for _, line := range wrapped(text, helpWidth-helpLeft) {
		fmt.Fprintf(w, "%-*s%s\n", helpLeft, left, line)
		left = ""
	}
}

// usageOf gives the name of a flag's value, empty for a switch, and its text
// with the default.
func usageOf(f cli.DocGenerationFlag) (value, text string) {
	text = f.GetUsage()
	if before, rest, ok := strings.Cut(text, "`"); ok {
		if name, after, ok := strings.Cut(rest, "`"); ok {
			value, text = name, before+name+after
		}
	}
	if !f.TakesValue() {
		return "", text
	}
	switch d := strings.Trim(f.GetDefaultText(), `"`); d {
	case "":
	case "required":
		text += " (required)"
	default:
		text += " (default: " + d + ")"
	}
	if env := f.GetEnvVars(); len(env) > 0 {
		text += " [$" + strings.Join(env, ", $") + "]"
	}
	return value, text
}

// wrapped breaks a text between words into lines of at most width characters.
func wrapped(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(text, unicode.IsSpace) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
