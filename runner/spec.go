package runner

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/tasks"
)

// A Spec says which documents of which tasks are evaluated and how they are
// asked. The zero value asks every document as its task file says.
type Spec struct {
	Shots       *int // nil: each task's own
	FewShot     prompts.Rule
	Limit       Limit
	LimitRandom bool  // a seeded choice instead of the first documents
	Items       []int // only these documents
	Seed        int64
	Gen         GenOptions
	Chat        bool
	ShotsInOne  bool // with Chat: all shots in one user message, not as turns
	System      string
	BOS         string // auto, on or off
	Shard       Shard
}

// A Limit bounds the documents of each task; the zero value does not.
type Limit struct {
	Count    int     // at least 1
	Fraction float64 // above 0 and below 1
}

// ParseLimit reads the value of --limit: a whole number of documents, or a
// fraction of each task.
func ParseLimit(s string) (Limit, error) {
	if n, err := strconv.Atoi(s); err == nil && n >= 1 {
		return Limit{Count: n}, nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil && f > 0 && f < 1 {
		return Limit{Fraction: f}, nil
	}
	return Limit{}, fmt.Errorf("--limit %s is neither a whole number of at least 1 nor a fraction between 0 and 1: write for example 100 or 0.1", s)
}

// of returns how many of n documents the limit lets through; a fraction is
// rounded up.
func (l Limit) of(n int) int {
	switch {
	case l.Count > 0:
		return min(n, l.Count)
	case l.Fraction > 0:
		return int(math.Ceil(float64(n) * l.Fraction))
	}
	return n
}

// number is the limit as run.json and the configuration have it, 0 for none.
func (l Limit) number() float64 {
	if l.Count > 0 {
		return float64(l.Count)
	}
	return l.Fraction
}

// documents returns the indices to evaluate of a split of n, ascending.
func (s Spec) documents(task string, n int) ([]int, error) {
	if len(s.Items) > 0 {
		ids := slices.Clone(s.Items)
		slices.Sort(ids)
		ids = slices.Compact(ids)
		if last := ids[len(ids)-1]; ids[0] < 0 || last >= n {
			return nil, &UsageError{fmt.Sprintf("task %s has documents 0 to %d, counted from 0: --items names %d, leave it out", task, n-1, pick(ids[0] < 0, ids[0], last))}
		}
		return ids, nil
	}
	k := s.Limit.of(n)
	if k < n && s.LimitRandom {
		ids := rand.New(rand.NewPCG(uint64(s.Seed), 0)).Perm(n)[:k]
		slices.Sort(ids)
		return ids, nil
	}
	ids := make([]int, k)
	for i := range ids {
		ids[i] = i
	}
	return ids, nil
}

func pick(first bool, a, b int) int {
	if first {
		return a
	}
	return b
}

// GenOptions override a task's own way of generating; nil keeps the task's.
type GenOptions struct {
	Temperature, TopP *float64
	Samples           *int
	MaxTokens         *int
	Until             []string
}

// Set applies one key of --gen.
func (g *GenOptions) Set(key string, value any) error {
	switch key {
	case "temperature":
		return number(&g.Temperature, key, value, 0, math.MaxFloat64)
	case "top_p":
		return number(&g.TopP, key, value, math.SmallestNonzeroFloat64, 1)
	case "n":
		if err := integer(&g.Samples, key, value); err != nil {
			return err
		}
		if *g.Samples > tasks.MaxRepeats {
			return fmt.Errorf("--gen n: %d texts a document, at most %d are possible", *g.Samples, tasks.MaxRepeats)
		}
		return nil
	case "max_tokens":
		return integer(&g.MaxTokens, key, value)
	case "until":
		return g.setUntil(value)
	}
	return fmt.Errorf("--gen knows no %q: use temperature, top_p, n, max_tokens or until", key)
}

func (g *GenOptions) setUntil(value any) error {
	switch v := value.(type) {
	case string:
		g.Until = append(g.Until, v)
		return nil
	case []any:
		for _, s := range v {
			text, ok := s.(string)
			if !ok {
				return fmt.Errorf("--gen until: %v is not a text", s)
			}
			g.Until = append(g.Until, text)
		}
		return nil
	}
	return fmt.Errorf("--gen until wants a text or a list of texts, not %v", value)
}

func number(to **float64, key string, value any, low, high float64) error {
	f, err := strconv.ParseFloat(fmt.Sprint(value), 64)
	if err != nil || !(f >= low && f <= high) {
		return fmt.Errorf("--gen %s=%v is not a number from %g to %g", key, value, low, high)
	}
	*to = &f
	return nil
}

func integer(to **int, key string, value any) error {
	text := fmt.Sprint(value)
	if f, ok := value.(float64); ok { // a number of JSON, 1e+06 to Sprint
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return fmt.Errorf("--gen %s=%v is not a whole number of at least 1", key, value)
	}
	*to = &n
	return nil
}

// apply returns a task's generation with the overrides.
func (g GenOptions) apply(own prompts.Generation) prompts.Generation {
	if g.Temperature != nil {
		own.Temperature = *g.Temperature
	}
	if g.TopP != nil {
		own.TopP = *g.TopP
	}
	if g.Samples != nil {
		own.Samples = *g.Samples
	}
	if g.MaxTokens != nil {
		own.MaxTokens = *g.MaxTokens
	}
	if g.Until != nil {
		own.Until = g.Until
	}
	return own
}

// config is the overrides as the configuration records them.
func (g GenOptions) config() map[string]any {
	out := map[string]any{}
	set := func(key string, ok bool, value func() any) {
		if ok {
			out[key] = value()
		}
	}
	set("temperature", g.Temperature != nil, func() any { return *g.Temperature })
	set("top_p", g.TopP != nil, func() any { return *g.TopP })
	set("n", g.Samples != nil, func() any { return *g.Samples })
	set("max_tokens", g.MaxTokens != nil, func() any { return *g.MaxTokens })
	set("until", g.Until != nil, func() any { return g.Until })
	return out
}

// A UsageError is a mistake in what the user asked for, not a failure.
type UsageError struct{ message string }

func (e *UsageError) Error() string { return e.message }

// ParseItems reads the value of --items: document numbers split at commas.
func ParseItems(s string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 0 {
			return nil, fmt.Errorf("--items %s: %q is not a document's number: write for example 0,1,2", s, part)
		}
		out = append(out, n)
	}
	return out, nil
}
