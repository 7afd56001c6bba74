package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaeval/llamaeval/results"
)

// mostShards bounds --shard, so that a slip is found before it is planned.
const mostShards = 100_000

// A Shard is one of Count parts of a run, counted from 1. The zero value is
// the whole run.
type Shard struct{ Index, Count int }

// ParseShard reads the value of --shard: i/n, i from 1 to n.
func ParseShard(s string) (Shard, error) {
	i, n, ok := strings.Cut(s, "/")
	index, err1 := strconv.Atoi(i)
	count, err2 := strconv.Atoi(n)
	switch {
	case !ok || err1 != nil || err2 != nil:
		return Shard{}, fmt.Errorf("--shard %s is not i/n, for example 1/8", s)
	case count < 1 || count > mostShards:
		return Shard{}, fmt.Errorf("--shard %s: a run has 1 to %d shards", s, mostShards)
	case index == 0:
		return Shard{}, fmt.Errorf("--shard %s: shards count from 1 to %d: add 1 to an index that counts from 0 (JOB_COMPLETION_INDEX, sbatch --array=0-%d)", s, count, count-1)
	case index < 1 || index > count:
		return Shard{}, fmt.Errorf("--shard %s: shards count from 1 to %d: use 1/%d to %d/%d", s, count, count, count, count)
	}
	return Shard{index, count}, nil
}

// String is i/n, empty for the whole run.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// takeShard leaves each task the documents of the job's shard, a function of
// configuration and number of shards. Tasks are sorted by name, since their
// order on the command line is no part of the configuration.
func (j *Job) takeShard() error {
	s := j.Spec.Shard
	if s.Count == 0 || j.part != nil {
		return nil
	}
	slices.SortFunc(j.Tasks, func(a, b *Prepared) int { return strings.Compare(a.Task.Name, b.Task.Name) })
	chain, err := j.chain()
	if err != nil {
		return err
	}
	borders := cutChain(chain, s.Count)
	part := &results.ShardPart{Index: s.Index, Count: s.Count, Cut: cutHash(chain, borders), BOS: j.writesBOS(), Warnings: j.Chat.bosWarnings(j.Spec.BOS)}
	own := dealt(chain[borders[s.Index-1]:borders[s.Index]], len(j.Tasks))
	for i, p := range j.Tasks {
		part.Planned += len(p.IDs)
		part.Tasks = append(part.Tasks, results.ShardTask{
			Task: p.Task.Name, Documents: len(own[i]), Planned: len(p.IDs),
			Shots: p.Shots, MaxTokens: p.MaxTokens, Sample: p.Sample, Warnings: p.Warnings,
		})
		part.Documents += len(own[i])
		p.IDs = own[i]
	}
	j.part = part
	return nil
}

// dealt lists the documents of a piece of a chain by task, ascending.
func dealt(piece []link, tasks int) [][]int {
	own := make([][]int, tasks)
	for _, l := range piece {
		own[l.task] = append(own[l.task], int(l.doc))
	}
	for _, ids := range own {
		slices.Sort(ids)
	}
	return own
}

// cutHash is SHA-256, hex, over how all documents are dealt out, by which
// shards of one cut know each other.
func cutHash(chain []link, borders []int) string {
	h := sha256.New()
	for i := range borders[1:] {
		fmt.Fprintf(h, "shard ends at %d\n", borders[i+1])
		for _, l := range chain[borders[i]:borders[i+1]] {
			fmt.Fprintf(h, "%d %d\n", l.task, l.doc)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// closePart adds what is known of a shard once it is finished.
func (j *Job) closePart() *results.ShardPart {
	if j.part == nil {
		return nil
	}
	for i := range j.part.Tasks {
		t := &j.part.Tasks[i]
		t.Remarked, t.Remark = j.judges[t.Task].remarked, j.judges[t.Task].remark
	}
	return j.part
}

// shardWarnings says that a shard's scores are not those of the run.
func (j *Job) shardWarnings() []string {
	if j.part == nil {
		return nil
	}
	return []string{fmt.Sprintf("shard %d of %d: these scores are of %d of %d documents: `llamaeval merge DIR... -o DIR` makes those of all shards",
		j.part.Index, j.part.Count, j.part.Documents, j.part.Planned)}
}
