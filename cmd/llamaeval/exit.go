package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/runner"
	"github.com/llamaeval/llamaeval/tasks"
	"github.com/llamaeval/llamaeval/tasks/dataset"
)

// Exit codes are part of the contract with scripts.
const (
	exitDone        = 0
	exitFailed      = 1   // a missing file, bad data, no memory ...
	exitUsage       = 2   // the command line is wrong
	exitGate        = 3   // a gate was not passed
	exitInterrupted = 130 // SIGINT; what is done is kept
	exitTerminated  = 143 // SIGTERM; likewise
)

// usageError is a mistake on the command line.
type usageError struct{ message string }

func (e usageError) Error() string { return e.message }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// gateError says which gates were not passed.
type gateError struct{ error }

// interrupted is why a context ended when a signal came.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string { return "interrupted by " + i.signal.String() }

// report prints an error as one line and returns the exit code it means.
func report(ctx context.Context, stderr io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	var signal interrupted
	if errors.As(context.Cause(ctx), &signal) {
		fmt.Fprintln(stderr, "llamaeval: "+oneLine(err.Error()))
		if signal.signal == syscall.SIGTERM {
			return exitTerminated
		}
		return exitInterrupted
	}
	fmt.Fprintln(stderr, "llamaeval: "+oneLine(err.Error()))
	var usage usageError
	var wrong *runner.UsageError
	if errors.As(err, &usage) || errors.As(err, &wrong) {
		return exitUsage
	}
	var gate gateError
	if errors.As(err, &gate) {
		return exitGate
	}
	return exitFailed
}

// unknownName makes a name that no task has wrong usage, where the command line
// gave it.
func unknownName(err error) error {
	if _, ok := err.(*tasks.UnknownTaskError); ok { // one in a file is wrapped
		return usagef("%v", err)
	}
	return err
}

// explainNetwork says what to look at when a hub cannot be reached.
func explainNetwork(err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return fmt.Errorf("%w: check the network, or the hub's address in HF_ENDPOINT", err)
	}
	return err
}

// explainMissing names the commands that help when a task's data is not to
// be had.
func explainMissing(c *cli.Context, task string, err error) error {
	var missing *dataset.MissingError
	if !errors.As(err, &missing) {
		return err
	}
	err = fmt.Errorf("%w: run `llamaeval data pull %s` where there is a network", err, task)
	if lookup(c.Command.Flags, "sample") == nil { // what is asked for is settled
		return fmt.Errorf("%w, or give its source with --hub", err)
	}
	return fmt.Errorf("%w, or add --sample to use the embedded sample", err)
}

// oneLine keeps a message on one line of a bearable length, whatever foreign
// text it quotes, and keeps that from steering the terminal.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(results.Visible(s)), " ")
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "") + " ..."
	}
	return s
}
