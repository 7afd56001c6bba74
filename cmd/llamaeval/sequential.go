package main

import (
	"cmp"
	"errors"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/compare"
	"github.com/llamaeval/llamaeval/runner"
)

func sequentialFlag() cli.Flag {
	return &cli.BoolFlag{Name: "sequential", Usage: "random order, and stop as soon as the gates are decided"}
}

var errSequentialGates = usagef("--sequential stops when gates are decided and there is none: add --against FOLDER --gate 'd(TASK)>=-0.02', or --gate 'score(TASK)>=0.3'")

// sequential prepares a job to stop when the gates are decided.
func (a *againstBase) sequential(job *runner.Job) (*runner.Sequential, error) {
	info, scores, err := job.Outline()
	if err != nil {
		return nil, err
	}
	units, err := job.Units()
	if err != nil {
		return nil, err
	}
	stopper, err := compare.NewSequential(a.gates, a.base, compare.NewRun("this run", info, scores, nil), units, job.Aggregation)
	var incomparable *compare.IncomparableError
	switch {
	case errors.As(err, &incomparable):
		return nil, gateError{err}
	case err != nil:
		return nil, usagef("%v", err)
	}
	s := &runner.Sequential{Stopper: stopper}
	for _, g := range a.gates {
		s.Gates = append(s.Gates, g.Expression)
	}
	if slices.ContainsFunc(a.gates, func(g compare.Gate) bool { return !g.Score }) {
		s.Base = cmp.Or(a.base.Info.Files[results.SamplesFile], a.base.Info.ID)
	}
	return s, nil
}
