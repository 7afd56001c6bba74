package results

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"
)

// scores is a result with every kind of row, in file order.
func scores() []Score {
	base := Score{Kind: KindTask, Version: "1.0", Filter: NoFilter, N: 60, HigherIsBetter: true,
		TaskHash: "aa", DataHash: "bb", Model: "SmolLM2", ModelHash: "cc", TokenizerHash: "dd", Mode: "exact", Device: "cpu", ISA: "avx2"}
	acc := base
	acc.Task, acc.Metric, acc.Primary, acc.Value, acc.Truncated = "arc_easy", "acc", true, 0.55, 1
	acc.SetStdErr(0.0647, true)
	group := base
	group.Task, group.Kind, group.Metric, group.Primary, group.Value, group.N = "llama2", KindGroup, "acc", true, 0.6, 120
	group.SetStdErr(math.NaN(), false)
	em := base
	em.Task, em.Metric, em.Filter, em.Shots, em.Value, em.Sample, em.BOS = "gsm8k", "exact_match", "strict-match", 8, 0, true, true
	em.SetStdErr(0, true)
	ppl := base
	ppl.Task, ppl.Version, ppl.Metric, ppl.Primary, ppl.Value, ppl.HigherIsBetter, ppl.N = "wikitext", "2", "word_perplexity", true, math.Inf(1), false, 1
	return []Score{acc, em, group, ppl}
}

func report() Report {
	run := Run{
		ID: "r1", Config: Config{Model: "SmolLM2", ModelHash: "cc", Device: "cpu", Mode: "exact", Documents: Documents{Limit: 60}},
		Version: "0.1.0", Started: time.Date(2026, 11, 24, 21, 0, 0, 0, time.UTC), WallSeconds: 12.5,
		Plan: Plan{Requests: 240, TokensRequested: 9000, TokensComputed: 1000}, Warnings: []string{"1 item truncated"},
	}
	return NewReport(run, scores(), "out/a")
}

func TestReport(t *testing.T) {
	for _, format := range Formats() {
		t.Run(format, func(t *testing.T) {
			var b bytes.Buffer
			if err := report().Write(&b, format); err != nil {
				t.Fatal(err)
			}
			golden(t, "report."+format, b.Bytes())
		})
	}
}

// A run of some documents is said to be limited.
func TestLimited(t *testing.T) {
	for _, tt := range []struct {
		documents Documents
		want      bool
	}{
		{Documents{}, false}, {Documents{Limit: 5}, true}, {Documents{Limit: 0.5}, true}, {Documents{Items: []int{0}}, true},
		{Documents{Items: []int{}}, false}, {Documents{Shard: "1/2"}, true}, {Documents{LimitOrder: "random", Sample: true}, false},
	} {
		if got := NewReport(Run{Config: Config{Documents: tt.documents}}, nil, "out").Limited; got != tt.want {
			t.Errorf("%+v: %v", tt.documents, got)
		}
	}
}

func TestEmptyReport(t *testing.T) {
	var b bytes.Buffer
	if err := (Report{}).Write(&b, "json"); err != nil {
		t.Fatal(err)
	}
	if s := b.String(); !strings.Contains(s, `"scores": []`) || !strings.Contains(s, `"warnings": []`) {
		t.Error(s)
	}
	for _, format := range Formats() {
		if err := (Report{}).Write(&b, format); err != nil {
			t.Errorf("%s: %v", format, err)
		}
	}
}

// What a cell holds must not break the table around it.
func TestHostileCells(t *testing.T) {
	table := Table{
		Columns: []Column{{Name: "a|b"}, {Name: "n", Right: true}},
		Rows:    [][]string{{"x|y\\z\nnew line", "1"}, {"モデル <b>", "22"}, {`quote " and , comma`, ""}},
		Notes:   []string{"A note."},
	}
	for _, format := range Formats() {
		var b bytes.Buffer
		if err := table.Write(&b, format); err != nil {
			t.Fatal(err)
		}
		golden(t, "cells."+format, b.Bytes())
		if format == "json" && !json.Valid(b.Bytes()) {
			t.Error("invalid JSON")
		}
	}
}

func TestTableErrors(t *testing.T) {
	table := Table{Columns: []Column{{Name: "a"}}, Rows: [][]string{{"1", "2"}}}
	if err := table.Write(new(bytes.Buffer), "csv"); err == nil {
		t.Error("two cells in one column")
	}
	err := (Table{}).Write(new(bytes.Buffer), "xml")
	if err == nil || !strings.Contains(err.Error(), "table, json, markdown, csv") {
		t.Errorf("got %v", err)
	}
	if CheckFormat("csv") != nil {
		t.Error("csv is a format")
	}
}
