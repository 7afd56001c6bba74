package results

import (
	"cmp"
	"encoding/json"
	"math"
	"strings"
)

// Kinds of rows in scores.parquet.
const (
	KindTask  = "task"
	KindGroup = "group"
)

// NoFilter stands in the filter column of a metric that no filter precedes.
const NoFilter = "none"

// A Score is one metric of one task or group, under one filter: one row of
// scores.parquet. StdErr and the bounds of its 95% interval are nil where
// there is none (one item, or a metric without a standard error).
type Score struct {
	Task           string   `parquet:"task"`
	Kind           string   `parquet:"kind"` // KindTask or KindGroup
	Version        string   `parquet:"version"`
	Metric         string   `parquet:"metric"`
	Filter         string   `parquet:"filter"` // NoFilter without one
	Primary        bool     `parquet:"primary"`
	Shots          int32    `parquet:"shots"`
	N              int32    `parquet:"n"` // documents behind Value
	Value          float64  `parquet:"value"`
	StdErr         *float64 `parquet:"stderr,optional"`
	CILow          *float64 `parquet:"ci_low,optional"`
	CIHigh         *float64 `parquet:"ci_high,optional"`
	HigherIsBetter bool     `parquet:"higher_is_better"`
	TaskHash       string   `parquet:"task_hash"`
	DataHash       string   `parquet:"data_hash"`
	Model          string   `parquet:"model"` // the checkpoint's own name, not a path or alias
	ModelHash      string   `parquet:"model_hash"`
	TokenizerHash  string   `parquet:"tokenizer_hash"`
	Mode           string   `parquet:"mode"`
	Device         string   `parquet:"device"`
	ISA            string   `parquet:"isa"`
	Chat           bool     `parquet:"chat"`
	BOS            bool     `parquet:"bos"`
	Sample         bool     `parquet:"sample"`          // scored on the built-in sample, not the benchmark
	Truncated      int32    `parquet:"truncated"`       // documents with truncated context
	HitTokenLimit  int32    `parquet:"hit_token_limit"` // generations that ended at their token limit
	StoppedEarly   bool     `parquet:"stopped_early"`   // only some documents were evaluated, in random order, until gates were decided
	Planned        int32    `parquet:"planned"`         // documents of a whole run, where this one stopped early; else 0
}

// Compare orders scores as scores.parquet stores them. Tasks come before the
// groups of the same name; the primary metric comes first.
func (s Score) Compare(o Score) int {
	return cmp.Or(
		cmp.Compare(s.Task, o.Task),
		-cmp.Compare(s.Kind, o.Kind),
		-cmp.Compare(one(s.Primary), one(o.Primary)),
		compareMetrics(s.Metric, o.Metric),
		cmp.Compare(s.Filter, o.Filter),
	)
}

// compareMetrics orders names by the alphabet, and pass@8 before pass@10.
func compareMetrics(a, b string) int {
	const digits = "0123456789"
	return cmp.Or(
		cmp.Compare(strings.TrimRight(a, digits), strings.TrimRight(b, digits)),
		cmp.Compare(len(a), len(b)),
		cmp.Compare(a, b),
	)
}

// SetStdErr stores a standard error and the 95% interval that goes with it;
// NaN means that there is none. binary says that every item scored 0 or 1.
func (s *Score) SetStdErr(stderr float64, binary bool) {
	s.StdErr, s.CILow, s.CIHigh = nil, nil, nil
	if math.IsNaN(stderr) || math.IsNaN(s.Value) {
		return
	}
	low, high := Interval(s.Value, stderr, int(s.N), binary)
	s.StdErr, s.CILow, s.CIHigh = &stderr, &low, &high
}

// MarshalJSON writes the columns that `run --format json` promises. A value
// that JSON cannot express (NaN, an infinite perplexity) is null.
func (s Score) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Task           string   `json:"task"`
		Kind           string   `json:"kind"`
		Version        string   `json:"version"`
		Metric         string   `json:"metric"`
		Filter         string   `json:"filter"`
		Shots          int32    `json:"shots"`
		N              int32    `json:"n"`
		Value          *float64 `json:"value"`
		StdErr         *float64 `json:"stderr"`
		CILow          *float64 `json:"ci_low"`
		CIHigh         *float64 `json:"ci_high"`
		HigherIsBetter bool     `json:"higher_is_better"`
		Primary        bool     `json:"primary"`
		Sample         bool     `json:"sample"`
		Truncated      int32    `json:"truncated"`
		HitTokenLimit  int32    `json:"hit_token_limit"`
		StoppedEarly   bool     `json:"stopped_early,omitempty"`
		Planned        int32    `json:"planned,omitempty"`
	}{
		s.Task, s.Kind, s.Version, s.Metric, s.Filter, s.Shots, s.N,
		finite(&s.Value), finite(s.StdErr), finite(s.CILow), finite(s.CIHigh),
		s.HigherIsBetter, s.Primary, s.Sample, s.Truncated, s.HitTokenLimit, s.StoppedEarly, s.Planned,
	})
}

func finite(v *float64) *float64 {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return nil
	}
	return v
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}
