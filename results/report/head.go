package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// A head is what the page shows before any sample is decoded.
type head struct {
	Models []headModel `json:"models"`
	Tasks  []headTask  `json:"tasks"` // tasks and groups, in the order of their names
}

type headModel struct {
	Label    string    `json:"label"`
	Model    string    `json:"model"`
	Mode     string    `json:"mode"`
	Device   string    `json:"device"`
	Runs     []headRun `json:"runs"`
	Warnings []string  `json:"warnings"`
}

type headRun struct {
	Folder  string `json:"folder"`
	Version string `json:"version"`
	Started string `json:"started"`
	Limited bool   `json:"limited"` // only some documents were evaluated
}

// A headTask is a task or group with every score that a model has.
type headTask struct {
	Name   string      `json:"name"`
	Kind   string      `json:"kind"`
	Scores []headScore `json:"scores"`
	// What a sample is judged by: a key of its metrics, empty where the task
	// has no metric of which more is better.
	Judge string   `json:"judge"`
	Notes []string `json:"notes"` // why models are not to be compared
}

type headScore struct {
	Model   int      `json:"model"`
	Metric  string   `json:"metric"`
	Filter  string   `json:"filter"`
	Primary bool     `json:"primary"`
	Shots   int32    `json:"shots"`
	N       int32    `json:"n"`
	Value   *float64 `json:"value"`
	Low     *float64 `json:"low"`
	High    *float64 `json:"high"`
	Higher  bool     `json:"higher"`
	Share   bool     `json:"share"`  // shown in percent
	Sample  bool     `json:"sample"` // of the embedded sample, not the benchmark
	Rank    int      `json:"rank"`   // of the task's models, as on a leaderboard; 0: unranked
	Best    bool     `json:"best"`   // significantly better than all others
}

func newHead(models []model) head {
	h := head{Models: []headModel{}, Tasks: []headTask{}}
	for _, m := range models {
		c := m.config()
		hm := headModel{Label: m.label, Model: c.Model, Mode: c.Mode, Device: strings.TrimSpace(c.Device + " " + c.ISA), Warnings: []string{}}
		for _, r := range m.runs {
			d := r.run.Config.Documents
			hm.Runs = append(hm.Runs, headRun{
				Folder: r.dir, Version: r.run.Version, Started: r.run.Started.UTC().Format("2006-01-02 15:04"),
				Limited: d.Limit != 0 || len(d.Items) > 0 || d.Shard != "" || r.run.Stopping != nil && r.run.Stopping.Saved > 0,
			})
			hm.Warnings = append(hm.Warnings, r.run.Warnings...)
		}
		h.Models = append(h.Models, hm)
	}
	return h
}

// addTasks collects the scores of all models by task.
func (h *head) addTasks(models []model) error {
	stored := map[[2]string][]results.Score{} // the same scores with their hashes
	for m, model := range models {
		for _, r := range model.runs {
			for _, s := range r.scores {
				t := h.task(s.Task, s.Kind)
				t.Scores = append(t.Scores, newHeadScore(m, s))
				if s.Primary {
					key := [2]string{s.Task, s.Kind}
					stored[key] = append(stored[key], s)
				}
			}
		}
	}
	slices.SortStableFunc(h.Tasks, func(a, b headTask) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), -cmp.Compare(a.Kind, b.Kind))
	})
	for i := range h.Tasks {
		t := &h.Tasks[i]
		t.Judge, t.Notes = judgeKey(t.Scores), differences(stored[[2]string{t.Name, t.Kind}])
	}
	return h.addRanks(models)
}

func (h *head) task(name, kind string) *headTask {
	i := slices.IndexFunc(h.Tasks, func(t headTask) bool { return t.Name == name && t.Kind == kind })
	if i < 0 {
		h.Tasks, i = append(h.Tasks, headTask{Name: name, Kind: kind, Scores: []headScore{}}), len(h.Tasks)
	}
	return &h.Tasks[i]
}

func newHeadScore(model int, s results.Score) headScore {
	finite := func(v *float64) *float64 {
		if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
			return nil
		}
		return v
	}
	return headScore{
		Model: model, Metric: s.Metric, Filter: s.Filter, Primary: s.Primary, Shots: s.Shots, N: s.N,
		Value: finite(&s.Value), Low: finite(s.CILow), High: finite(s.CIHigh),
		Higher: s.HigherIsBetter, Share: s.HigherIsBetter && s.Value >= 0 && s.Value <= 1, Sample: s.Sample,
	}
}

// judgeKey is the key of the metric that says whether a sample is right: the
// primary one, or the first of which more is better.
func judgeKey(scores []headScore) string {
	for _, primary := range []bool{true, false} {
		for _, s := range scores {
			if s.Primary == primary && s.Higher {
				if s.Filter == results.NoFilter || s.Filter == "" {
					return s.Metric
				}
				return s.Metric + "," + s.Filter
			}
		}
	}
	return ""
}

// differences names what forbids to compare scores of one task, each with the
// values it takes.
func differences(scores []results.Score) []string {
	notes := []string{}
	for _, p := range []struct {
		name string
		of   func(results.Score) string
	}{
		{"metric", func(s results.Score) string { return s.Metric + " " + s.Filter }},
		{"number of shots", func(s results.Score) string { return fmt.Sprint(s.Shots) }},
		{"task file", func(s results.Score) string { return short(s.TaskHash) }},
		{"data", func(s results.Score) string { return short(s.DataHash) }},
		{"number of documents", func(s results.Score) string { return fmt.Sprint(s.N) }},
		{"mode", func(s results.Score) string { return s.Mode }},
		{"chat template", func(s results.Score) string { return onOff(s.Chat) }},
		{"BOS", func(s results.Score) string { return onOff(s.BOS) }},
	} {
		var values []string
		for _, s := range scores {
			if v := p.of(s); !slices.Contains(values, v) {
				values = append(values, v)
			}
		}
		if len(values) > 1 {
			notes = append(notes, fmt.Sprintf("%s differs: %s", p.name, strings.Join(values, ", ")))
		}
	}
	return notes
}

func short(hash string) string { return hash[:min(len(hash), 8)] }

func onOff(b bool) string {
	if b {
		return "on"
	}
	return "off"
}
