// Package sample holds a small sample of each family of built-in tasks, so that an evaluation runs with no dataset at hand. Every document is
// the project's own writing in the column layout of the dataset that it stands in for; none comes from a benchmark, so scores on these samples
// show that a run works and mean nothing beyond that.
package sample

import (
	"embed"
	"io/fs"
	"path"
	"strings"
)

// files holds data/<org>/<name>/<config>/<split>.jsonl.
//
//go:embed data
var files embed.FS

// The configurations of MMLU differ in topic only, so that one sample stands in for all of them.
const (
	mmlu       = "cais/mmlu"
	mmluConfig = "sample"
)

// Open returns the documents of one split as JSONL: one object a line, its keys in the column order of the dataset. ok is false when there is
// no sample for that repository, configuration and split. Any configuration of cais/mmlu gives the same general-knowledge questions.
func Open(repo, config, split string) (rows []byte, ok bool) {
	dir, ok := folder(repo, config)
	if !ok || strings.Contains(split, "/") {
		return nil, false
	}
	rows, err := files.ReadFile(path.Join(dir, split+".jsonl"))
	return rows, err == nil
}

// Splits returns the names of the splits that a configuration has a sample of, sorted; nil when there is no sample.
func Splits(repo, config string) []string {
	dir, ok := folder(repo, config)
	if !ok {
		return nil
	}
	entries, err := files.ReadDir(dir)
	if err != nil {
		return nil
	}
	var splits []string
	for _, e := range entries {
		if name, isRows := strings.CutSuffix(e.Name(), ".jsonl"); isRows {
			splits = append(splits, name)
		}
	}
	return splits
}

// folder returns the embedded folder of a configuration. An empty configuration means the dataset's default one, which in every sample is its
// only one.
func folder(repo, config string) (dir string, ok bool) {
	root := "data/" + repo
	if strings.Count(repo, "/") != 1 || !fs.ValidPath(root) || strings.Contains(config, "/") {
		return "", false
	}
	configs, err := files.ReadDir(root)
	if err != nil {
		return "", false
	}
	if repo == mmlu {
		return path.Join(root, mmluConfig), true
	}
	if config == "" && len(configs) == 1 {
		config = configs[0].Name()
	}
	for _, c := range configs {
		if c.Name() == config {
			return path.Join(root, config), true
		}
	}
	return "", false
}
