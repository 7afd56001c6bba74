package leaderboard

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// Settings is the part of a configuration that must be equal for two runs to
// be comparable, beside the tasks and their data: everything that decides a
// number but the model. A chat template is the model's own.
type Settings struct {
	Documents  results.Documents `json:"documents"`
	Mode       string            `json:"mode"`
	Numerics   string            `json:"numerics"`
	Seed       int64             `json:"seed"`
	Shots      *int              `json:"shots"`
	FewShot    string            `json:"fewshot"`
	Chat       bool              `json:"chat"`
	ChatShots  string            `json:"chat_shots,omitempty"`
	System     string            `json:"system"`
	BOS        string            `json:"bos"`
	Generation map[string]any    `json:"generation"`
	Sandbox    string            `json:"sandbox"`
}

func settings(c results.Config) Settings {
	s := Settings{
		Documents: c.Documents, Mode: c.Mode, Numerics: c.Numerics, Seed: c.Seed, Shots: c.Shots, FewShot: c.FewShot,
		Chat: c.Chat, ChatShots: c.ChatShots, System: c.System, BOS: c.BOS, Generation: c.Generation, Sandbox: c.Sandbox,
	}
	if len(s.Documents.Items) == 0 {
		s.Documents.Items = nil
	}
	if len(s.Generation) == 0 {
		s.Generation = nil
	}
	return s
}

// A column's identity: what must be equal for its values to be comparable.
type identity struct {
	Metric, Filter     string
	Shots              int32
	TaskHash, DataHash string
}

// A name is that of a column.
type name struct{ kind, task string }

func (a name) compare(b name) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.task, b.task)) // "group" before "task"
}

// A protocol is a set of runs that are comparable wherever two of them have
// the same column.
type protocol struct {
	settings Settings
	sources  []*source
	found    map[name]identity
	scores   map[name]results.Score // of the first run that has the column
}

// protocols sorts runs into protocols: a run joins the first one with its
// settings that has each of its tasks either equal or not at all.
func protocols(sources []*source) []*protocol {
	var out []*protocol
	for _, src := range sources {
		own, scores := src.identities()
		set := settings(src.run.Config)
		i := slices.IndexFunc(out, func(p *protocol) bool { return reflect.DeepEqual(p.settings, set) && p.fits(own) })
		if i < 0 {
			out, i = append(out, &protocol{settings: set, found: map[name]identity{}, scores: map[name]results.Score{}}), len(out)
		}
		p := out[i]
		p.sources = append(p.sources, src)
		for n, id := range own {
			if _, ok := p.found[n]; !ok {
				p.found[n], p.scores[n] = id, scores[n]
			}
		}
	}
	return out
}

func (s *source) identities() (map[name]identity, map[name]results.Score) {
	ids, scores := map[name]identity{}, map[name]results.Score{}
	for _, score := range s.scores {
		if score.Primary {
			n := name{score.Kind, score.Task}
			ids[n], scores[n] = identity{score.Metric, score.Filter, score.Shots, score.TaskHash, score.DataHash}, score
		}
	}
	return ids, scores
}

func (p *protocol) fits(own map[name]identity) bool {
	for n, id := range own {
		if known, ok := p.found[n]; ok && known != id {
			return false
		}
	}
	return true
}

// hash is the SHA-256, hex, of the settings and of all columns' identities.
func (p *protocol) hash() string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	// Plain values cannot fail.
	_ = enc.Encode(p.settings)
	for _, n := range slices.SortedFunc(maps.Keys(p.found), name.compare) {
		_ = enc.Encode([]any{n.kind, n.task, p.found[n]})
	}
	return hex.EncodeToString(h.Sum(nil))
}

func (p *protocol) columns() []Column {
	var out []Column
	for _, n := range slices.SortedFunc(maps.Keys(p.found), name.compare) {
		s := p.scores[n]
		out = append(out, Column{
			Task: n.task, Kind: n.kind, Metric: s.Metric, Filter: s.Filter, Shots: s.Shots,
			HigherIsBetter: s.HigherIsBetter, Sample: s.Sample,
		})
	}
	return out
}

// String says the settings in one line.
func (s Settings) String() string { return strings.Join(s.Parts(), ", ") }

// Parts says the settings one by one.
func (s Settings) Parts() []string {
	out := []string{"mode " + s.Mode, "few-shot " + s.FewShot, fmt.Sprintf("seed %d", s.Seed)}
	add := func(when bool, format string, args ...any) {
		if when {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	if s.Shots != nil {
		add(true, "shots %d", *s.Shots)
	}
	add(!s.Chat, "plain text")
	add(s.Chat, "chat")
	add(s.ChatShots != "", "shots as %s", s.ChatShots)
	add(s.System != "", "a system text")
	add(true, "BOS %s", s.BOS)
	for _, key := range slices.Sorted(maps.Keys(s.Generation)) {
		add(true, "%s=%v", key, s.Generation[key])
	}
	d := s.Documents
	add(d.Limit != 0, "limit %v %s", d.Limit, d.LimitOrder)
	add(len(d.Items) > 0, "%d chosen documents", len(d.Items))
	add(d.Shard != "", "shard %s", d.Shard)
	add(d.Sequential != nil, "stops early when its gates are decided")
	add(s.Sandbox != "", "sandbox %s", s.Sandbox)
	add(true, "numerics %s", s.Numerics)
	return out
}
