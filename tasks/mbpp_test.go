package tasks

import (
	"path/filepath"
	"testing"

	"github.com/llamaeval/llamaeval/tasks/py"
)

func TestMBPPShots(t *testing.T) {
	var docs []*py.Dict
	for id := int64(1); id <= 5; id++ {
		docs = append(docs, py.DictOf("task_id", id))
	}
	shots, err := mbppShots(docs)
	if err != nil || len(shots) != 3 || py.Repr(shots[0]) != "{'task_id': 2, 'is_fewshot': True}" || py.Repr(shots[2]) != "{'task_id': 4, 'is_fewshot': True}" {
		t.Errorf("%v, %v", shots, err)
	}
	if docs[1].Len() != 1 {
		t.Error("the document itself was changed")
	}
	if _, err := mbppShots(docs[:3]); err == nil {
		t.Error("a split without problem 4 is no error")
	}
}

// Exemplars by a function are read from their split, unless the file names
// another one.
func TestSamplesFunction(t *testing.T) {
	dir := write(t, map[string]string{
		"mbpp/utils.py": "",
		"mbpp/a.yaml":   minimal + "fewshot_config: {sampler: first_n, samples: !function utils.list_fewshot_samples}\n",
		"mbpp/b.yaml":   minimal + "fewshot_config: {samples: !function utils.list_fewshot_samples, split: dev}\n",
		"mbpp/c.yaml":   minimal + "fewshot_config: {samples: !function utils.pass_at_1}\n",
	})
	load := func(name string) (*Task, error) {
		f := newFiles()
		for _, fn := range functionTable() {
			if fn.folder == "mbpp" {
				f.hashes[filepath.Join(dir, "mbpp", "utils.py")] = fn.hashes[0]
			}
		}
		root, err := f.load(&source{filepath.Join(dir, "mbpp", name), false})
		if err != nil {
			return nil, err
		}
		return f.task(root)
	}
	a, err := load("a.yaml")
	if err != nil || a.Fewshot.Split != "prompt" || a.Fewshot.ProcessDocs == nil || a.Fewshot.Samples != nil ||
		a.Fewshot.DatasetPath != "google-research-datasets/mbpp" || a.Fewshot.DatasetName != "full" {
		t.Errorf("%+v, %v", a, err)
	}
	b, err := load("b.yaml")
	if err != nil || b.Fewshot.Split != "dev" || b.Fewshot.ProcessDocs != nil || b.Fewshot.DatasetPath != "" {
		t.Errorf("%+v, %v", b, err)
	}
	if _, err := load("c.yaml"); err == nil {
		t.Error("a metric passes for exemplars")
	}
}
