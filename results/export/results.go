package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/llamaeval/llamaeval/results"
)

// results writes results_<date>.json, the harness's summary. What a stored
// run does not know (the full task configurations, the machine's Python) is
// left out; the key llamaeval says which program ran it.
func (e *exporter) results() error {
	tasks, groups := map[string]any{}, map[string]any{}
	versions, shots, samples := map[string]any{}, map[string]any{}, map[string]any{}
	configs, higher := map[string]any{}, map[string]map[string]bool{}
	for _, s := range e.scores {
		if higher[s.Task] == nil {
			higher[s.Task] = map[string]bool{}
			if err := e.describe(s, tasks, groups); err != nil {
				return err
			}
			versions[s.Task] = version(s.Version)
			if s.Shots >= 0 {
				shots[s.Task] = s.Shots
			}
			if s.Kind == results.KindTask {
				samples[s.Task] = map[string]int32{"original": s.N, "effective": s.N}
				configs[s.Task] = map[string]any{"task": s.Task, "num_fewshot": s.Shots, "metadata": map[string]any{"version": version(s.Version)}}
			}
		}
		higher[s.Task][s.Metric] = s.HigherIsBetter
	}
	fields := []field{{"results", tasks}}
	if len(groups) > 0 {
		fields = append(fields, field{"groups", groups})
	}
	fields = append(fields, field{"group_subtasks", e.subtasks()}, field{"configs", configs}, field{"versions", versions},
		field{"n-shot", shots}, field{"higher_is_better", higher}, field{"n-samples", samples})
	return e.writeResults(append(fields, e.circumstances()...))
}

// describe adds the scores of one task or group.
func (e *exporter) describe(first results.Score, tasks, groups map[string]any) error {
	n := int32(0)
	values := []field{}
	for _, s := range e.scores {
		if s.Task != first.Task || s.Kind != first.Kind {
			continue
		}
		n = max(n, s.N)
		stderr := any("N/A")
		if s.StdErr != nil {
			stderr = number(*s.StdErr)
		}
		values = append(values, field{s.Metric + "," + s.Filter, number(s.Value)}, field{s.Metric + "_stderr," + s.Filter, stderr})
	}
	data, err := object(append([]field{{"name", first.Task}, {"alias", first.Task}, {"sample_len", n}}, values...))
	if err != nil {
		return err
	}
	tasks[first.Task] = json.RawMessage(data)
	if first.Kind == results.KindGroup {
		groups[first.Task] = json.RawMessage(data)
	}
	return nil
}

func (e *exporter) subtasks() map[string][]string {
	out := map[string][]string{}
	for _, g := range e.run.Groups {
		for _, m := range g.Members {
			if !slices.Contains(out[g.Group], m.Task) {
				out[g.Group] = append(out[g.Group], m.Task)
			}
		}
	}
	return out
}

// circumstances is how the run was made.
func (e *exporter) circumstances() []field {
	c := e.run.Config
	limit := any(nil)
	if c.Documents.Limit != 0 {
		limit = c.Documents.Limit
	}
	system, systemHash := any(nil), any(nil)
	if c.System != "" {
		system, systemHash = c.System, hashed(c.System)
	}
	template := any(nil)
	if c.ChatTemplate != "" {
		template = c.ChatTemplate
	}
	return []field{
		{"config", map[string]any{
			"model": "llamaeval", "model_args": "pretrained=" + c.Model, "model_sha": c.ModelHash, "device": c.Device,
			"limit": limit, "gen_kwargs": options(c), "fewshot_seed": c.Seed,
		}},
		{"git_hash", nil},
		{"date", float64(e.run.Started.UnixMicro()) / 1e6},
		{"llamaeval", map[string]any{"version": e.run.Version, "id": e.run.ID, "config_hash": e.run.ConfigHash, "config": c}},
		{"task_hashes", e.hashes},
		{"model_source", "llamaeval"}, {"model_name", c.Model}, {"model_name_sanitized", safe(c.Model)},
		{"system_instruction", system}, {"system_instruction_sha", systemHash},
		{"fewshot_as_multiturn", c.Chat && c.ChatShots == "turns"}, {"chat_template", nil}, {"chat_template_sha", template},
		{"total_evaluation_time_seconds", strconv.FormatFloat(e.run.WallSeconds, 'f', -1, 64)},
	}
}

// version is a number where it was one in the task file.
func version(s string) any {
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		return v
	}
	if s == "" {
		return "N/A"
	}
	return s
}

func (e *exporter) writeResults(fields []field) error {
	data, err := object(fields)
	if err != nil {
		return fmt.Errorf("results: %w", err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		return err
	}
	name := "results_" + e.date() + ".json"
	f, err := e.create(name)
	if err != nil {
		return err
	}
	f.Write(b.Bytes())
	e.names = append([]string{name}, e.names...)
	return e.close(f)
}
