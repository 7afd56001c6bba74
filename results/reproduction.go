package results

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
)

// Stages of a run in their order: a difference in one explains those after it.
const (
	StageConfiguration = "configuration"
	StageDocuments     = "documents" // which ones were evaluated
	StageData          = "data"
	StagePrompts       = "prompts"
	StageTokens        = "tokens"
	StageScores        = "scores"
)

var stages = []string{StageConfiguration, StageDocuments, StageData, StagePrompts, StageTokens, StageScores}

// stageOf says which stage computes a column of a sample; else scores.
var stageOf = map[string]string{
	"doc_hash": StageData, "prompt_hash": StagePrompts,
	"context_tokens": StageTokens, "continuation_tokens": StageTokens, "truncated_tokens": StageTokens, "token_ids": StageTokens,
}

// differencesKept bounds the differences that are listed one by one.
const differencesKept = 20

// A Reproduction says whether a run that was computed again is, to the bit,
// what is stored.
type Reproduction struct {
	Equal         bool                 `json:"equal"`
	First         string               `json:"first"` // the earliest stage that differs; empty if none does
	Samples       int                  `json:"samples"`
	Values        int                  `json:"values"`      // compared
	Differing     int                  `json:"differing"`   // of them
	Differences   []StagedDifference   `json:"differences"` // the first of the earliest stages
	Configuration []SettingsDifference `json:"configuration"`
	Files         bool                 `json:"files_equal"` // the Parquet files are byte-identical
}

// A StagedDifference is a Difference with the stage that computes its field.
type StagedDifference struct {
	Stage string `json:"stage"`
	Difference
}

// A SettingsDifference is a field of the configuration that differs.
type SettingsDifference struct {
	Field  string `json:"field"` // as in run.json: documents.limit
	Stored string `json:"stored"`
	Now    string `json:"now"`
}

// Reproduce compares the run in a folder with one of the same configuration
// that was computed again in another. The instruction set may differ: it
// decides no bit.
func Reproduce(stored, again string) (Reproduction, error) {
	r := Reproduction{Differences: []StagedDifference{}, Configuration: []SettingsDifference{}}
	before, err := ReadRun(stored)
	if err != nil {
		return r, err
	}
	after, err := ReadRun(again)
	if err != nil {
		return r, err
	}
	if r.Configuration, err = settingsDifferences(before.Config, after.Config); err != nil {
		return r, err
	}
	r.Files = maps.Equal(before.Files, after.Files)
	for _, d := range r.Configuration {
		if d.Field != "isa" {
			r.found(StageConfiguration)
		}
	}
	if err := r.samples(stored, again); err != nil {
		return r, err
	}
	if err := r.scores(stored, again); err != nil {
		return r, err
	}
	rank := func(d StagedDifference) int { return slices.Index(stages, d.Stage) }
	slices.SortStableFunc(r.Differences, func(a, b StagedDifference) int { return rank(a) - rank(b) })
	r.Differences = r.Differences[:min(len(r.Differences), differencesKept)]
	r.Equal = r.First == ""
	return r, nil
}

func (r *Reproduction) found(stage string) {
	if r.First == "" || slices.Index(stages, stage) < slices.Index(stages, r.First) {
		r.First = stage
	}
}

// add notes a difference; of each stage only the first ones are kept.
func (r *Reproduction) add(stage string, d Difference) {
	r.found(stage)
	r.Differing += d.Values
	n := 0
	for _, other := range r.Differences {
		if other.Stage == stage {
			n++
		}
	}
	if n < differencesKept {
		r.Differences = append(r.Differences, StagedDifference{stage, d})
	}
}

// samples walks both files, which have one order, side by side.
func (r *Reproduction) samples(stored, again string) error {
	nextA, stopA := iter.Pull2(ReadSamples(stored))
	defer stopA()
	nextB, stopB := iter.Pull2(ReadSamples(again))
	defer stopB()
	a, errA, inA := nextA()
	b, errB, inB := nextB()
	for inA || inB {
		if errA != nil {
			return errA
		}
		if errB != nil {
			return errB
		}
		order := 0
		switch {
		case !inA:
			order = 1
		case !inB:
			order = -1
		default:
			order = a.Compare(b)
		}
		switch {
		case order < 0:
			r.add(StageDocuments, Difference{Task: a.Task, DocID: a.DocID, Field: "row", Values: 1, Stored: "present", Now: "absent"})
		case order > 0:
			r.add(StageDocuments, Difference{Task: b.Task, DocID: b.DocID, Field: "row", Values: 1, Stored: "absent", Now: "present"})
		default:
			r.sample(a, b)
		}
		if order <= 0 {
			a, errA, inA = nextA()
		}
		if order >= 0 {
			b, errB, inB = nextB()
		}
	}
	return nil
}

func (r *Reproduction) sample(stored, now Sample) {
	r.Samples++
	values, differences := Differences(stored, now)
	r.Values += values
	for _, d := range differences {
		column := d.Field
		for i, c := range column {
			if c == '[' {
				column = column[:i]
				break
			}
		}
		stage, known := stageOf[column]
		if !known {
			stage = StageScores
		}
		r.add(stage, d)
	}
}

// scores compares what is made of the samples.
func (r *Reproduction) scores(stored, again string) error {
	before, err := ReadScores(stored)
	if err != nil {
		return err
	}
	after, err := ReadScores(again)
	if err != nil {
		return err
	}
	rows := func(scores []Score) map[string]string {
		out := map[string]string{}
		for _, s := range scores {
			text := fmt.Sprintf("%s n=%d", float(s.Value, 64), s.N)
			for _, p := range []*float64{s.StdErr, s.CILow, s.CIHigh} {
				if p == nil {
					p = new(float64)
					*p = math.NaN()
				}
				text += " " + float(*p, 64)
			}
			out[s.Kind+" "+s.Task+"\x00"+MetricKey(s.Metric, s.Filter)] = text
		}
		return out
	}
	a, b := rows(before), rows(after)
	for _, s := range before {
		key := s.Kind + " " + s.Task + "\x00" + MetricKey(s.Metric, s.Filter)
		now, ok := b[key]
		if r.Values++; !ok || now != a[key] {
			r.add(StageScores, Difference{Task: s.Task, DocID: -1, Field: MetricKey(s.Metric, s.Filter), Values: 1, Stored: a[key], Now: orAbsent(now, ok)})
		}
	}
	if len(after) > len(before) {
		r.add(StageScores, Difference{DocID: -1, Field: "rows", Values: 1, Stored: fmt.Sprint(len(before)), Now: fmt.Sprint(len(after))})
	}
	return nil
}

// settingsDifferences compares two configurations field by field.
func settingsDifferences(stored, now Config) ([]SettingsDifference, error) {
	a, b := map[string]string{}, map[string]string{}
	for _, side := range []struct {
		config Config
		fields map[string]string
	}{{stored, a}, {now, b}} {
		data, err := json.Marshal(side.config)
		if err != nil {
			return nil, err
		}
		var value any
		if err := json.Unmarshal(data, &value); err != nil {
			return nil, err
		}
		flatten("", value, side.fields)
	}
	out := []SettingsDifference{}
	names := slices.Sorted(maps.Keys(a))
	for name := range b {
		if _, known := a[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		before, inA := a[name]
		after, inB := b[name]
		if before != after {
			out = append(out, SettingsDifference{name, orAbsent(before, inA), orAbsent(after, inB)})
		}
	}
	return out, nil
}

// flatten lists the leaves of a JSON value by their place: tasks[0].hash. An
// empty list is as good as none.
func flatten(place string, value any, to map[string]string) {
	switch v := value.(type) {
	case map[string]any:
		for key, e := range v {
			name := key
			if place != "" {
				name = place + "." + key
			}
			flatten(name, e, to)
		}
	case []any:
		for i, e := range v {
			flatten(fmt.Sprintf("%s[%d]", place, i), e, to)
		}
	case nil:
	default:
		to[place] = fmt.Sprint(v)
	}
}
