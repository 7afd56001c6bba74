package main

import (
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/internal/nearest"
)

// arrange reorders a command line so that flags may stand before, between
// and after arguments. The cli package stops reading flags at the first
// argument; here they are put first, each in the form --name=value, and the
// arguments follow behind "--".
func arrange(app *cli.App, args []string) ([]string, error) {
	words, flags, rest := split(app, args[1:])
	if len(words) > 0 && words[0] == "help" {
		words, flags = words[1:], append(flags, "--help")
	}
	path, commands := []string{args[0]}, app.Commands
	own := app.Flags
	for len(words) > 0 && len(commands) > 0 {
		c := find(commands, words[0])
		if c == nil {
			break
		}
		path, words = append(path, c.Name), words[1:]
		commands, own = c.Subcommands, c.Flags
	}
	if len(commands) > 0 && len(words) > 0 {
		return nil, unknownCommand(path[1:], words[0], commands)
	}
	if len(path) == 1 { // no command: --help, --version
		return slices.Concat(path, flags), nil
	}
	for _, f := range flags {
		name, _, hasValue := strings.Cut(strings.TrimLeft(f, "-"), "=")
		known := lookup(own, name)
		if known != nil && !hasValue && takesValue(known) {
			return nil, usagef("%s --%s needs a value: see `llamaeval %s --help`", strings.Join(path[1:], " "), name, strings.Join(path[1:], " "))
		}
		if known == nil && name != "help" && name != "h" {
			return nil, usagef("%s has no flag --%s%s: see `llamaeval %s --help`", strings.Join(path[1:], " "), name, nearest.DidYouMean("--"+name, flagNames(own)), strings.Join(path[1:], " "))
		}
	}
	return slices.Concat(path, flags, []string{"--"}, words, rest), nil
}

// split parts words from flags. A flag that takes a value takes the next
// word, even one with a dash; what follows "--" are words only.
func split(app *cli.App, args []string) (words, flags, rest []string) {
	all := everyFlag(app.Commands, app.Flags)
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch {
		case a == "--":
			return words, flags, args[i+1:]
		case len(a) < 2 || a[0] != '-':
			words = append(words, a)
		default:
			name, _, hasValue := strings.Cut(strings.TrimLeft(a, "-"), "=")
			if f := lookup(all, name); f != nil && !hasValue && takesValue(f) && i+1 < len(args) {
				i++
				a = "--" + name + "=" + args[i]
			}
			flags = append(flags, a)
		}
	}
	return words, flags, nil
}

func everyFlag(commands []*cli.Command, flags []cli.Flag) []cli.Flag {
	flags = slices.Clone(flags)
	for _, c := range commands {
		flags = append(flags, everyFlag(c.Subcommands, c.Flags)...)
	}
	return flags
}

func find(commands []*cli.Command, name string) *cli.Command {
	for _, c := range commands {
		if c.HasName(name) {
			return c
		}
	}
	return nil
}

func lookup(flags []cli.Flag, name string) cli.Flag {
	for _, f := range flags {
		if slices.Contains(f.Names(), name) {
			return f
		}
	}
	return nil
}

func takesValue(f cli.Flag) bool {
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// flagNames are the flags as they are typed, short ones left out.
func flagNames(flags []cli.Flag) []string {
	var out []string
	for _, f := range flags {
		for _, name := range f.Names() {
			if len(name) > 1 {
				out = append(out, "--"+name)
			}
		}
	}
	return out
}

func unknownCommand(path []string, word string, commands []*cli.Command) error {
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	where := strings.Join(append([]string{"llamaeval"}, path...), " ")
	return usagef("%s has no command %q%s: see `%s --help`", where, word, nearest.DidYouMean(word, names), where)
}

// noArguments refuses arguments that a command does not take.
func noArguments(c *cli.Context) error { return arguments(c, 0, 0, "no arguments") }

func arguments(c *cli.Context, least, most int, takes string) error {
	if n := c.NArg(); n < least || n > most {
		return usagef("%s takes %s, not %d: see `llamaeval %s --help`", commandName(c), takes, n, commandName(c))
	}
	return nil
}

func commandName(c *cli.Context) string {
	var names []string
	for _, l := range c.Lineage() {
		if l.Command != nil && l.Command.Name != "" && l.Command.Name != "llamaeval" {
			names = append(names, l.Command.Name)
		}
	}
	slices.Reverse(names)
	return strings.Join(slices.Compact(names), " ")
}
