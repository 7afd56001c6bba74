package results

import (
	"errors"
	"fmt"
	"math"
)

// An Entry is one finished run of many.
type Entry struct {
	Dir    string
	Run    Run
	Scores []Score

	rows []indexRow // of an index; nil: what documents need is read from the run's samples
	docs map[string]*documents
}

var errUnfinished = errors.New("holds an unfinished run: finish it first, with the same `llamaeval run` command")

// ReadEntry reads one finished run.
func ReadEntry(dir string) (Entry, error) {
	run, err := ReadRun(dir)
	if err != nil {
		return Entry{}, err
	}
	if run.Finished.IsZero() {
		return Entry{}, fmt.Errorf("%s %w", dir, errUnfinished)
	}
	scores, err := readScoresOf(dir, run)
	return Entry{Dir: dir, Run: run, Scores: scores}, err
}

// WeightSuffix marks the metric of words or bytes beside a log-likelihood.
const WeightSuffix = "/weight"

// Outcomes returns what comparing needs of the run's documents, task by task.
// Hashes and clusters are equal among entries where those of the samples are,
// and no longer what they were.
func (e Entry) Outcomes() (out []Outcome, err error) {
	if e.rows == nil {
		for o, err := range ReadOutcomes(e.Dir) {
			if err != nil {
				return nil, err
			}
			o.DocHash, o.PromptHash, o.Cluster = short(o.DocHash), short(o.PromptHash), short(o.Cluster)
			out = append(out, o)
		}
		return out, nil
	}
	err = e.eachTask(func(rows []indexRow, d *documents) error {
		at := len(out)
		for i, id := range d.ids {
			o := Outcome{Task: rows[0].Task, DocID: id, DocHash: d.hashes[i], PromptHash: d.prompts[i], Cluster: d.groups[i], Metrics: make(map[string]float64, len(rows))}
			if rows[0].Generated {
				o.Finish = generated
			}
			out = append(out, o)
		}
		for _, r := range rows {
			for key, data := range map[string][]byte{MetricKey(r.Metric, r.Filter): r.Answers, MetricKey(r.Metric+WeightSuffix, r.Filter): r.Weights} {
				if len(data) == 0 {
					continue
				}
				values, err := decodeValues(data, len(d.ids))
				if err != nil {
					return err
				}
				for i, v := range values {
					if !isAbsent(v) {
						out[at+i].Metrics[key] = v
					}
				}
			}
		}
		return nil
	})
	return out, err
}

// generated stands for how a generation ended, which nobody asks of an index.
var generated = []string{""}

// Metrics visits the documents' values in the order of ReadMetrics, of an
// index those of primary metrics and of members of groups.
func (e Entry) Metrics(clusters bool, visit func(MetricRow)) error {
	if e.rows == nil {
		return ReadMetrics(e.Dir, clusters, visit)
	}
	member := map[GroupMember]bool{}
	for _, g := range e.Run.Groups {
		for _, m := range g.Members {
			member[GroupMember{Task: m.Task, Metric: m.Metric, Filter: m.Filter}] = true
		}
	}
	return e.eachTask(func(rows []indexRow, d *documents) error {
		var keys []string
		var columns [][]float64
		for _, r := range rows {
			if len(r.Answers) == 0 || !r.Primary && !member[GroupMember{Task: r.Task, Metric: r.Metric, Filter: r.Filter}] {
				continue
			}
			values, err := decodeValues(r.Answers, len(d.ids))
			if err != nil {
				return err
			}
			keys, columns = append(keys, MetricKey(r.Metric, r.Filter)), append(columns, values)
		}
		metrics := make([]Metric, len(keys))
		for i, id := range d.ids {
			for k, key := range keys {
				metrics[k] = Metric{key, columns[k][i]}
				if isAbsent(columns[k][i]) {
					metrics[k].Value = math.NaN()
				}
			}
			visit(MetricRow{Task: rows[0].Task, DocID: id, Cluster: d.groups[i], Metrics: metrics})
		}
		return nil
	})
}

// eachTask visits the index's rows of each task.
func (e Entry) eachTask(visit func(rows []indexRow, d *documents) error) error {
	for rows := e.rows; len(rows) > 0; {
		n := 1
		for n < len(rows) && rows[n].Task == rows[0].Task && rows[n].Kind == rows[0].Kind {
			n++
		}
		task := rows[:n]
		rows = rows[n:]
		if task[0].Kind != KindTask || task[0].Documents == "" {
			continue
		}
		d := e.docs[task[0].Documents]
		err := errAnswers
		if d != nil {
			err = visit(task, d)
		}
		if err != nil {
			return fmt.Errorf("%s, run %s: %w: write it anew with `llamaeval index`", IndexFile, task[0].Path, err)
		}
	}
	return nil
}
