package results

import "iter"

// An Outcome is the part of a Sample that comparing two runs needs.
type Outcome struct {
	Task       string             `parquet:"task,dict"`
	DocID      int32              `parquet:"doc_id"`
	DocHash    string             `parquet:"doc_hash"`
	PromptHash string             `parquet:"prompt_hash"`
	Cluster    string             `parquet:"cluster"`
	Finish     []string           `parquet:"finish,list"` // empty where nothing was generated
	Metrics    map[string]float64 `parquet:"metrics"`
}

// Outcome is the part of a sample that comparing needs.
func (s Sample) Outcome() Outcome {
	return Outcome{s.Task, s.DocID, s.DocHash, s.PromptHash, s.Cluster, s.Finish, s.Metrics}
}

// ReadOutcomes yields the rows of dir's samples.parquet in their order,
// reading the columns of Outcome only. It ends after the first error.
func ReadOutcomes(dir string) iter.Seq2[Outcome, error] {
	return readRows[Outcome](dir, SamplesFile)
}

// A GroupRule says what a group's value is made of: the sum of its members'
// values times their weights, which add up to 1.
type GroupRule struct {
	Group   string        `json:"group"`
	Metric  string        `json:"metric"`
	Filter  string        `json:"filter"`
	Members []GroupMember `json:"members"`
}

// A GroupMember is one metric of one task in a GroupRule.
type GroupMember struct {
	Task   string  `json:"task"`
	Metric string  `json:"metric"`
	Filter string  `json:"filter"`
	Weight float64 `json:"weight"`
}

// MetricKey is the key of a metric in Sample.Metrics.
func MetricKey(metric, filter string) string {
	if filter == NoFilter {
		return metric
	}
	return metric + "," + filter
}
