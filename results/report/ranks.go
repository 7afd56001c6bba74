package report

import (
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
	"github.com/llamaeval/llamaeval/results/leaderboard"
)

// A place is a run's value on a leaderboard.
type place struct {
	section int
	cell    leaderboard.Cell
}

type placeKey struct{ dir, task, kind string }

// addRanks takes ranks from the leaderboard of the same folders. Where a
// task's runs do not stand in one section of it they have none, and a note says
// why.
func (h *head) addRanks(models []model) error {
	var dirs []string
	for _, m := range models {
		for _, r := range m.runs {
			if dir := results.Clean(r.dir); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	board, err := leaderboard.Build(dirs, nil)
	if err != nil {
		return err
	}
	places := map[placeKey]place{}
	for i, s := range board.Sections {
		for _, row := range s.Rows {
			for k, c := range row.Cells {
				if c != nil {
					places[placeKey{row.Dir, s.Columns[k].Task, s.Columns[k].Kind}] = place{i, *c}
				}
			}
		}
	}
	for i := range h.Tasks {
		h.Tasks[i].rank(models, places, board.Sections)
	}
	return nil
}

// rank fills in a task's ranks.
func (t *headTask) rank(models []model, places map[placeKey]place, all []leaderboard.Section) {
	found := map[int]place{}
	var sections []int
	for i, s := range t.Scores {
		if !s.Primary {
			continue
		}
		for _, r := range models[s.Model].runs {
			if p, ok := places[placeKey{results.Clean(r.dir), t.Name, t.Kind}]; ok {
				found[i] = p
				if !slices.Contains(sections, p.section) {
					sections = append(sections, p.section)
				}
			}
		}
	}
	if len(sections) > 1 {
		if len(t.Notes) == 0 {
			t.Notes = append(t.Notes, otherSettings(sections, all))
		}
		return
	}
	for i, p := range found {
		if p.cell.Ranked > 1 && len(t.Notes) == 0 {
			t.Scores[i].Rank, t.Scores[i].Best = p.cell.Rank, p.cell.Best
		}
	}
}

// otherSettings says what keeps sections apart.
func otherSettings(sections []int, all []leaderboard.Section) string {
	count := map[string]int{}
	for _, i := range sections {
		for _, part := range all[i].Settings.Parts() {
			count[part]++
		}
	}
	var out []string
	for _, i := range sections {
		own := slices.DeleteFunc(all[i].Settings.Parts(), func(part string) bool { return count[part] == len(sections) })
		if text := strings.Join(own, ", "); text != "" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if len(out) == 0 {
		return "the runs have other tasks that are not alike, and are not ranked together"
	}
	return "settings differ: " + strings.Join(out, " against ")
}
