// Command llamaeval evaluates local Llama-family checkpoints on the
// benchmarks of the field. Each command stands in a file of its own: flags
// in, one call into the packages that do the work, results out.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/runner/sandbox"
)

func main() {
	sandbox.Reexec()          // does not return in a sandbox
	log.SetOutput(io.Discard) // libraries of object stores write there; errors are returned as well
	mapped.Faulted = func(path string) {
		fmt.Fprintln(os.Stderr, "llamaeval: "+oneLine(path+": can no longer be read: it was cut short meanwhile, or its disk fails; what is done is kept, the same command goes on once the file is whole again"))
		os.Exit(exitFailed)
	}
	os.Exit(run(os.Args, os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), lastWordsKey{}, &lastWords{}))
	var over atomic.Pointer[time.Timer]
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	defer cancel(nil)
	go func() {
		select {
		case s := <-signals:
			cancel(interrupted{s})
			signal.Stop(signals) // a second one ends the process at once
			over.Store(time.AfterFunc(grace, func() { os.Exit(giveUp(ctx, stderr)) }))
		case <-ctx.Done():
		}
	}()
	defer func() {
		if t := over.Load(); t != nil {
			t.Stop()
		}
	}()
	defer mapped.Guard()()
	objects.Bind(ctx)
	app := newApp(stdout, stderr)
	arranged, err := arrange(app, args)
	if err == nil {
		err = app.RunContext(ctx, arranged)
	}
	return report(ctx, stderr, err)
}
