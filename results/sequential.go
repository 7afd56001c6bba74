package results

import "fmt"

// A Sequential is the part of a configuration by which a run stops early: with
// the model it decides which documents are evaluated.
type Sequential struct {
	Method string   `json:"method"` // version of order, waves and tests
	Gates  []string `json:"gates"`  // expressions as written
	Base   string   `json:"base"`   // SHA-256 of the base's samples.parquet; empty without one
}

// A Unit is what is evaluated together and counts as one draw: a document, or
// all documents of a cluster, ascending.
type Unit struct {
	Task string
	Docs []int
}

// Decisions on a gate.
const (
	Passed    = "passed"
	Missed    = "failed"
	Undecided = "undecided"
)

// A Stopping is what became of a run with --sequential.
type Stopping struct {
	Order   string     `json:"order"` // random: drawn from the run's seed
	Seed    int64      `json:"seed"`
	Used    int        `json:"items_used"`
	Planned int        `json:"items_planned"` // of the same run without early stopping
	Saved   int        `json:"items_saved"`
	Tasks   []TaskStop `json:"tasks"`
	Gates   []GateStop `json:"gates,omitempty"` // in run.json, in the order of Sequential.Gates
}

// A TaskStop says how far a task's documents were evaluated.
type TaskStop struct {
	Task    string `json:"task"`
	Used    int    `json:"items_used"`
	Planned int    `json:"items_planned"`
}

// A GateStop is what the documents said of a gate while they came in. The
// bounds are those of a confidence sequence: they hold at all times together.
type GateStop struct {
	Decision string   `json:"decision"`                // Passed, Missed or Undecided
	Early    bool     `json:"early"`                   // decided before the last document
	After    int      `json:"decided_after,omitempty"` // items, of the random order
	Used     int      `json:"items_used"`
	Planned  int      `json:"items_planned"`
	Saved    int      `json:"items_saved"`
	Value    *float64 `json:"value"` // over the items used: of the run, or its difference from the base
	Low      *float64 `json:"sequence_low"`
	High     *float64 `json:"sequence_high"`
	Level    float64  `json:"sequence_level"` // chance that the bounds hold at all times
}

// StoppedEarly says how far a task was evaluated, and whether that is not its
// end.
func (r Run) StoppedEarly(task string) (TaskStop, bool) {
	if r.Stopping != nil {
		for _, t := range r.Stopping.Tasks {
			if t.Task == task {
				return t, t.Used < t.Planned
			}
		}
	}
	return TaskStop{}, false
}

// String is the note beside a task that was not evaluated to its end.
func (t TaskStop) String() string {
	return fmt.Sprintf("stopped early, after %d of %d documents in random order", t.Used, t.Planned)
}
