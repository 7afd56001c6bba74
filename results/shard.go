package results

import "time"

// A ShardPart is what a shard of a run says of itself and of the whole, so
// that merging needs neither the model nor the data.
type ShardPart struct {
	Index     int         `json:"index"` // from 1
	Count     int         `json:"count"`
	Cut       string      `json:"cut"`               // SHA-256 over how all documents are dealt out
	Documents int         `json:"documents"`         // of the shard
	Planned   int         `json:"documents_planned"` // of all shards
	BOS       bool        `json:"bos"`               // prompts begin with BOS
	Warnings  []string    `json:"warnings,omitempty"`
	Tasks     []ShardTask `json:"tasks"` // of the whole run, by name
}

// A ShardTask is a task as a shard prepared it.
type ShardTask struct {
	Task      string   `json:"task"`
	Documents int      `json:"documents"`
	Planned   int      `json:"documents_planned"`
	Shots     int      `json:"shots"`
	MaxTokens int      `json:"max_tokens"`
	Sample    bool     `json:"sample"`
	Warnings  []string `json:"warnings,omitempty"`
	Remarked  int      `json:"remarked,omitempty"` // documents that a metric remarked on
	Remark    string   `json:"remark,omitempty"`   // the first remark
}

// A MergedShard is what a merged run keeps of one of its shards.
type MergedShard struct {
	Shard       string    `json:"shard"` // i/n
	ID          string    `json:"id"`
	Version     string    `json:"version"`
	Host        string    `json:"host"`
	Device      string    `json:"device"`
	Threads     int       `json:"threads"`
	Started     time.Time `json:"started"`
	Finished    time.Time `json:"finished"`
	WallSeconds float64   `json:"wall_seconds"`
	Plan        Plan      `json:"plan"`
}
