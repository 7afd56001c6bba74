package compare

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/llamaeval/llamaeval/results"
)

// differs says why a task's scores in two runs answer different questions, ""
// if they do not. The first reason is the one that a user can change.
func differs(base, run *Run, a, b results.Score) string {
	x, y := base.Info.Config, run.Info.Config
	for _, c := range []struct {
		what string
		a, b any
	}{
		{"data", dataName(a.Sample), dataName(b.Sample)},
		{"shots", a.Shots, b.Shots},
		{"mode", a.Mode, b.Mode},
		{"chat", a.Chat, b.Chat},
		{"chat shots", x.ChatShots, y.ChatShots},
		{"system text", strconv.Quote(x.System), strconv.Quote(y.System)},
		{"numerics version", x.Numerics, y.Numerics},
	} {
		if c.a != c.b {
			return fmt.Sprintf("%s: %v against %v", c.what, c.a, c.b)
		}
	}
	switch {
	case a.BOS != b.BOS && x.BOS != y.BOS:
		return fmt.Sprintf("BOS: --bos %s against %s", x.BOS, y.BOS)
	case a.Shots > 0 && a.Chat && x.FewShot != y.FewShot:
		return fmt.Sprintf("few-shot rule: %s against %s", x.FewShot, y.FewShot)
	case a.TaskHash != b.TaskHash:
		return fmt.Sprintf("the task's definition differs: hash %.8s against %.8s", a.TaskHash, b.TaskHash)
	case a.DataHash != b.DataHash:
		return fmt.Sprintf("the data differ: hash %.8s against %.8s", a.DataHash, b.DataHash)
	case generates(base, a.Task) && !sameGeneration(x, y):
		return "generation options (--gen) differ"
	}
	return ""
}

// marks are remarks on a pair that is compared although the runs differ.
func marks(base, run *Run, a, b results.Score) []string {
	x, y := base.Info.Config, run.Info.Config
	var out []string
	if a.BOS != b.BOS { // --bos auto: each model as its tokenizer says
		out = append(out, fmt.Sprintf("BOS: %v against %v, as the models' tokenizers say", a.BOS, b.BOS))
	}
	if x.ChatTemplate != y.ChatTemplate {
		out = append(out, "each model has its own chat template")
	}
	for _, r := range []*Run{base, run} {
		if stop, early := r.Info.StoppedEarly(a.Task); early {
			out = append(out, fmt.Sprintf("%s %s: interval and p do not allow for that", r.Name, stop))
		}
	}
	if x.Sandbox != "" && y.Sandbox != "" && x.Sandbox != y.Sandbox {
		out = append(out, fmt.Sprintf("sandbox: %s against %s", x.Sandbox, y.Sandbox))
	}
	return out
}

// otherPrompts says why the prompts of n of all shared documents differ; ""
// where they have to, since each model has its own chat template.
func otherPrompts(base, run *Run, n, all int) string {
	x, y := base.Info.Config, run.Info.Config
	if x.ChatTemplate == y.ChatTemplate {
		switch {
		case x.FewShot != y.FewShot:
			return fmt.Sprintf("few-shot rule: %s against %s", x.FewShot, y.FewShot)
		case x.Seed != y.Seed:
			return fmt.Sprintf("exemplars drawn with --seed %d against %d", x.Seed, y.Seed)
		}
		return fmt.Sprintf("the prompts of %d of %d documents differ", n, all)
	}
	if x.Seed != y.Seed {
		return fmt.Sprintf("prompts differ, with --seed %d against %d", x.Seed, y.Seed)
	}
	return ""
}

// same reports whether two scores are of one model in one configuration, so
// that the same documents have the same numbers.
func same(base, run *Run, a, b results.Score) bool {
	x, y := base.Info.Config, run.Info.Config
	return a.ModelHash != "" && a.ModelHash == b.ModelHash &&
		a.BOS == b.BOS && a.Device == b.Device && x.ChatTemplate == y.ChatTemplate && x.Seed == y.Seed && x.Sandbox == y.Sandbox
}

// generates reports whether a task's answers are generated.
func generates(r *Run, task string) bool {
	for _, o := range r.tasks[task] {
		return len(o.Finish) > 0
	}
	return false
}

func sameGeneration(x, y results.Config) bool {
	return len(x.Generation) == 0 && len(y.Generation) == 0 || reflect.DeepEqual(x.Generation, y.Generation)
}

func dataName(sample bool) string {
	if sample {
		return "the embedded sample"
	}
	return "the benchmark"
}
