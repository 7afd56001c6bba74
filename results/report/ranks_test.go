package report

import (
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/results"
)

func headOf(t *testing.T, dirs ...string) head {
	t.Helper()
	models, err := openModels(dirs)
	if err != nil {
		t.Fatal(err)
	}
	h := newHead(models)
	if err := h.addTasks(models); err != nil {
		t.Fatal(err)
	}
	return h
}

// primariesOf are a task's primary scores by model.
func primariesOf(h head, task string) map[int]headScore {
	out := map[int]headScore{}
	for _, s := range h.task(task, results.KindTask).Scores {
		if s.Primary {
			out[s.Model] = s
		}
	}
	return out
}

func below(n int) func(int) bool { return func(i int) bool { return i < n } }

// Ranks follow from paired tests: ten more of the same sixty sums are shown,
// though the intervals overlap; three more are not.
func TestRanks(t *testing.T) {
	run := func(model string, right int) fixture {
		return fixture{model: model, mode: "exact", generations: 60, right: below(right)}
	}
	got := primariesOf(headOf(t, run("a", 30).write(t), run("b", 43).write(t), run("c", 33).write(t)), "sums")
	if *got[0].High <= *got[1].Low {
		t.Fatal("the intervals lie apart: the test shows nothing")
	}
	if got[0].Rank != 2 || got[2].Rank != 2 || got[1].Rank != 1 || !got[1].Best || got[0].Best || got[2].Best {
		t.Errorf("%+v", got)
	}
	tie := primariesOf(headOf(t, run("a", 30).write(t), run("b", 33).write(t)), "sums")
	if tie[0].Rank != 1 || tie[1].Rank != 1 || tie[0].Best || tie[1].Best {
		t.Errorf("a tie: %+v", tie)
	}
	alone := primariesOf(headOf(t, run("a", 60).write(t)), "sums")
	if alone[0].Rank != 0 || alone[0].Best {
		t.Errorf("alone: %+v", alone)
	}
}

// Runs with other settings are not ranked together, and the page says why.
func TestNoRanksBetweenSettings(t *testing.T) {
	a := fixture{model: "a", mode: "exact", generations: 60, right: below(60)}.write(t)
	b := fixture{model: "b", mode: "exact", generations: 60, right: below(1)}.write(t)
	info, err := results.ReadRun(b)
	if err != nil {
		t.Fatal(err)
	}
	info.Config.Seed = 99
	if err := results.WriteRun(b, info); err != nil {
		t.Fatal(err)
	}
	h := headOf(t, a, b)
	got := primariesOf(h, "sums")
	if got[0].Rank != 0 || got[0].Best || got[1].Rank != 0 {
		t.Errorf("%+v", got)
	}
	if notes := strings.Join(h.task("sums", results.KindTask).Notes, "; "); notes != "settings differ: seed 0 against seed 99" {
		t.Error(notes)
	}
}
