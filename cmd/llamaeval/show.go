package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/browse"
)

func showCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "read a run's samples: prompt, answer, target, how it was judged",
		ArgsUsage: "DIR",
		UsageText: "llamaeval show results/m\nllamaeval show results/m --task gsm8k --wrong",
		Flags: flags(
			&cli.StringSliceFlag{Name: "task", Usage: "`TASKS`, groups, globs, with commas or repeated", DefaultText: "all"},
			&cli.BoolFlag{Name: "wrong", Usage: "only what is not right by the task's primary metric"},
			formatFlag(), quietFlag(),
		),
		OnUsageError: wrongUsage,
		Action:       showAction,
	}
}

func showAction(c *cli.Context) error {
	format, err := outputFormat(c)
	if err != nil {
		return err
	}
	if err := arguments(c, 1, 1, "one results folder"); err != nil {
		return err
	}
	b, err := browse.Open(c.Args().First(), browse.Selection{Tasks: splitNames(c.StringSlice("task")), Wrong: c.Bool("wrong")})
	if err != nil {
		return err
	}
	switch format {
	case "table":
		width := results.TerminalWidth(c.App.Writer)
		return paged(c.App.Writer, func(w io.Writer) error { return browse.WriteText(w, b.Items(), width) })
	case "json":
		return browse.WriteJSON(c.App.Writer, b.Items())
	}
	t, err := browse.Table(b.Items())
	if err != nil {
		return err
	}
	return t.Write(c.App.Writer, format)
}

// paged shows long text to a reader at a terminal through PAGER, by default
// less, which leaves at once where all fits a screen.
func paged(w io.Writer, write func(io.Writer) error) error {
	out, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(out.Fd())) {
		return write(w)
	}
	words := strings.Fields(os.Getenv("PAGER"))
	if len(words) == 0 {
		words = []string{"less"}
	}
	pager := exec.Command(words[0], words[1:]...)
	pager.Stdout, pager.Stderr = out, os.Stderr
	if os.Getenv("LESS") == "" {
		pager.Env = append(os.Environ(), "LESS=FX")
	}
	in, err := pager.StdinPipe()
	if err != nil {
		return err
	}
	if err := pager.Start(); err != nil { // there is none
		return write(w)
	}
	err = write(in)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed) { // the reader has seen enough
		err = nil
	}
	return errors.Join(err, in.Close(), pager.Wait())
}
