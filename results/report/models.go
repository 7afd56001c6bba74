package report

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// A model is what answered: one checkpoint under one set of settings. Runs of
// the same with no task in common are one model.
type model struct {
	label string
	key   string // equal for equal settings
	runs  []stored
}

// stored is one results folder.
type stored struct {
	dir    string
	run    results.Run
	scores []results.Score
}

func openModels(dirs []string) ([]model, error) {
	var models []model
	for _, dir := range dirs {
		s, err := open(dir)
		if err != nil {
			return nil, err
		}
		key, err := settingsKey(s.run.Config)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(models, func(m model) bool { return m.key == key && !m.shares(s.run.Config) })
		if i < 0 {
			models, i = append(models, model{key: key}), len(models)
		}
		models[i].runs = append(models[i].runs, s)
	}
	label(models)
	return models, nil
}

func open(dir string) (stored, error) {
	s := stored{dir: dir}
	var err error
	if s.run, err = results.ReadRun(dir); err != nil {
		return s, err
	}
	if s.run.Finished.IsZero() {
		return s, fmt.Errorf("%s holds an unfinished run: finish it first with the same `llamaeval run ... --out %s`", dir, dir)
	}
	s.scores, err = results.ReadScores(dir)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%s: the run is finished, its %s is missing: %w", dir, results.ScoresFile, err)
	}
	return s, err
}

// settingsKey is the hash of all settings that are not about which tasks and
// documents were asked.
func settingsKey(c results.Config) (string, error) {
	c.Tasks, c.Shots, c.Documents, c.Sandbox = nil, nil, results.Documents{Sample: c.Documents.Sample}, ""
	return c.Hash()
}

// shares reports whether the model has answered one of a run's tasks.
func (m model) shares(c results.Config) bool {
	for _, r := range m.runs {
		for _, t := range r.run.Config.Tasks {
			if slices.ContainsFunc(c.Tasks, func(o results.TaskConfig) bool { return o.Name == t.Name }) {
				return true
			}
		}
	}
	return false
}

// config is that of the model's first run; the others differ in tasks only.
func (m model) config() results.Config { return m.runs[0].run.Config }

// label names the models, each by as little as tells it apart.
func label(models []model) {
	parts := []func(model) string{
		func(m model) string { return m.config().Model },
		func(m model) string { return m.config().Mode },
		func(m model) string { return filepath.Base(m.runs[0].dir) },
		func(m model) string { return m.runs[0].dir },
	}
	for i := range models {
		models[i].label = parts[0](models[i])
	}
	for _, part := range parts[1:] {
		count, kinds := map[string]int{}, map[string]map[string]bool{}
		for _, m := range models {
			count[m.label]++
			if kinds[m.label] == nil {
				kinds[m.label] = map[string]bool{}
			}
			kinds[m.label][part(m)] = true
		}
		for i, m := range models {
			if count[m.label] > 1 && len(kinds[m.label]) > 1 {
				models[i].label = strings.Join([]string{m.label, part(m)}, ", ")
			}
		}
	}
	numberEqual(models)
}

// numberEqual tells apart what was named twice on the command line.
func numberEqual(models []model) {
	seen := map[string]int{}
	for i, m := range models {
		if seen[m.label]++; seen[m.label] > 1 {
			models[i].label = fmt.Sprintf("%s (%d)", m.label, seen[m.label])
		}
	}
}
