package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/llamaeval/llamaeval/results"
)

// A Verification says whether a run's stored items are computed again to the
// same bits.
type Verification struct {
	Items       int                  `json:"items"`
	Values      int                  `json:"values"` // compared
	Differing   int                  `json:"differing"`
	Differences []results.Difference `json:"differences"`
}

// ChooseItems picks n rows of dir's samples.parquet, all of them if it has
// fewer: tasks take turns, in an order and each with documents drawn by seed.
// The documents of each task are ascending.
func ChooseItems(dir string, n int, seed int64) (map[string][]int, error) {
	var names []string
	all := map[string][]int{}
	for key, err := range results.ReadKeys(dir) {
		if err != nil {
			return nil, err
		}
		if all[key.Task] == nil {
			names = append(names, key.Task)
		}
		all[key.Task] = append(all[key.Task], int(key.DocID))
	}
	r := rand.New(rand.NewPCG(uint64(seed), 0))
	r.Shuffle(len(names), func(i, k int) { names[i], names[k] = names[k], names[i] })
	for _, name := range names {
		ids := all[name]
		r.Shuffle(len(ids), func(i, k int) { ids[i], ids[k] = ids[k], ids[i] })
	}
	chosen := map[string][]int{}
	for turn, left := 0, n; left > 0; turn++ {
		before := left
		for _, name := range names {
			if turn < len(all[name]) && left > 0 {
				chosen[name] = append(chosen[name], all[name][turn])
				left--
			}
		}
		if left == before {
			break // every row is chosen
		}
	}
	for _, ids := range chosen {
		slices.Sort(ids)
	}
	return chosen, nil
}

// Verify computes the items of dir again that the tasks' IDs name, exactly as
// Run would, and compares every value with what is stored. It writes nothing.
func (j *Job) Verify(ctx context.Context, dir string) (Verification, error) {
	if err := j.newJudges(); err != nil {
		return Verification{}, err
	}
	now := map[results.SampleKey]results.Sample{}
	_, err := j.answer(ctx, nil, func(batch [][]byte) error {
		for _, payload := range batch {
			s, err := results.DecodeSample(payload)
			if err != nil {
				return err
			}
			now[s.Key()] = s
		}
		return nil
	})
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return Verification{}, err
	}
	return compare(dir, now)
}

// compare reads the stored rows of the items that were computed again.
func compare(dir string, now map[results.SampleKey]results.Sample) (Verification, error) {
	v := Verification{Differences: []results.Difference{}}
	for stored, err := range results.ReadSamples(dir) {
		if err != nil {
			return v, err
		}
		s, chosen := now[stored.Key()]
		if !chosen {
			continue
		}
		values, differences := results.Differences(stored, s)
		v.Items++
		v.Values += values
		v.Differences = append(v.Differences, differences...)
		for _, d := range differences {
			v.Differing += d.Values
		}
		if v.Items == len(now) {
			return v, nil
		}
	}
	return v, fmt.Errorf("%s: %d of %d chosen items are not in its %s", dir, len(now)-v.Items, len(now), results.SamplesFile)
}
