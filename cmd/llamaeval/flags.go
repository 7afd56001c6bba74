package main

import (
	"encoding/json"
	"runtime"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/llamaeval/llamaeval/prompts"
	"github.com/llamaeval/llamaeval/runner"
)

// spec reads the flags that say what is asked.
func spec(c *cli.Context) (runner.Spec, error) {
	s := runner.Spec{Seed: c.Int64("seed"), System: c.String("system"), BOS: c.String("bos")}
	s.Chat, s.ShotsInOne = chatOf(c)
	var err error
	if c.IsSet("shots") {
		n := c.Int("shots")
		if n < 0 {
			return s, usagef("--shots %d: a number of exemplars is 0 or more", n)
		}
		s.Shots = &n
	}
	if s.FewShot, err = prompts.ParseRule(c.String("fewshot")); err != nil {
		return s, usagef("--fewshot: %v", err)
	}
	if c.IsSet("limit") {
		if s.Limit, err = runner.ParseLimit(c.String("limit")); err != nil {
			return s, usagef("%v", err)
		}
	}
	switch order := c.String("limit-order"); order {
	case "first":
	case "random":
		s.LimitRandom = true
	default:
		return s, usagef("--limit-order %s is neither first nor random: use one of them", order)
	}
	if c.IsSet("items") {
		if c.IsSet("limit") {
			return s, usagef("--items and --limit exclude each other: leave one out")
		}
		if s.Items, err = runner.ParseItems(c.String("items")); err != nil {
			return s, usagef("%v", err)
		}
	}
	switch s.BOS {
	case "auto", "on", "off":
	default:
		return s, usagef("--bos %s is not auto, on or off: use one of them", s.BOS)
	}
	return s, genOptions(c.StringSlice("gen"), &s.Gen)
}

// genOptions reads --gen: KEY=VALUE pairs split at commas, or a JSON object.
func genOptions(values []string, to *runner.GenOptions) error {
	for _, v := range values {
		if strings.HasPrefix(strings.TrimSpace(v), "{") {
			var object map[string]any
			if err := json.Unmarshal([]byte(v), &object); err != nil {
				return usagef("--gen %s: not a JSON object: %v: write for example --gen '{\"max_tokens\": 64}'", v, err)
			}
			for key, value := range object {
				if err := to.Set(key, value); err != nil {
					return usagef("%v", err)
				}
			}
			continue
		}
		for pair := range strings.SplitSeq(v, ",") {
			key, value, ok := strings.Cut(pair, "=")
			if !ok {
				return usagef("--gen %s: %q is not KEY=VALUE, as in temperature=0.8; use a JSON object where a value holds a comma", v, pair)
			}
			if err := to.Set(strings.TrimSpace(key), value); err != nil {
				return usagef("%v", err)
			}
		}
	}
	return nil
}

// parseBytes reads a size: bytes, or a number with KiB, MiB, GiB, TiB (powers
// of 1024) or KB, MB, GB, TB (powers of 1000).
func parseBytes(s string) (int64, error) {
	units := []struct {
		name  string
		bytes float64
	}{
		{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}, {"B", 1}, {"", 1},
	}
	for _, u := range units {
		if len(s) > len(u.name) && strings.EqualFold(s[len(s)-len(u.name):], u.name) {
			n, err := strconv.ParseFloat(strings.TrimSpace(s[:len(s)-len(u.name)]), 64)
			if err != nil || !(n > 0 && n*u.bytes < 1<<62) {
				break
			}
			return int64(n * u.bytes), nil
		}
	}
	return 0, usagef("--memory: %q is not a size: write bytes, 64MiB or 2GB", s)
}

// threads is how many cores to use.
func threads(c *cli.Context) (int, error) {
	if !c.IsSet("threads") {
		return runtime.GOMAXPROCS(0), nil
	}
	if n := c.Int("threads"); n >= 1 {
		return n, nil
	}
	return 0, usagef("--threads %d: at least 1", c.Int("threads"))
}
