package tasks

import (
	"cmp"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// entry is what the index knows of one task or group. A task is decoded only
// when it is asked for: a folder may hold fourteen thousand.
type entry struct {
	src   *source
	group bool
	name  string
	tags  []string

	outputType, dataset string
	shots               int
}

// index holds the definitions of one root: our own files, or a folder.
type index struct {
	entries map[string]*entry   // tasks and groups by name
	tags    map[string][]string // tag to names of tasks
	broken  []error             // files that could not be read
}

// scan reads all files of a root, in parallel; they are entered in order, so
// that of two definitions of one name the first counts.
func (f *files) scan(sources []*source) *index {
	entries := make([]*entry, len(sources))
	errs := make([]error, len(sources))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(sources)); i = next.Add(1) - 1 {
				entries[i], errs[i] = f.scanFile(sources[i])
			}
		})
	}
	wg.Wait()
	x := &index{entries: map[string]*entry{}, tags: map[string][]string{}}
	for i, e := range entries {
		if errs[i] != nil {
			x.broken = append(x.broken, errs[i])
		}
		if e == nil || x.entries[e.name] != nil {
			continue
		}
		x.entries[e.name] = e
		if !e.group {
			for _, t := range e.tags {
				x.tags[t] = append(x.tags[t], e.name)
			}
		}
	}
	return x
}

// scanFile reads the few keys of a file that the index needs. A file without
// a task or group, such as a template, gives nil.
func (f *files) scanFile(src *source) (*entry, error) {
	root, err := f.load(src)
	if err != nil {
		return nil, err
	}
	e := &entry{src: src}
	name := root.get("group")
	if e.group = name != nil; !e.group {
		name = root.get("task")
	}
	if name.isNull() {
		return nil, nil
	}
	if e.name, err = name.text(); err != nil {
		return nil, err
	}
	if tag := root.get("tag"); !tag.isNull() {
		if e.tags, err = tag.texts(); err != nil {
			return nil, err
		}
	}
	e.outputType = scanText(root, "output_type")
	if e.outputType == "" && root.get("class") == nil {
		e.outputType = string(GenerateUntil)
	}
	e.dataset = scanText(root, "dataset_path")
	if config := scanText(root, "dataset_name"); config != "" {
		e.dataset += " " + config
	}
	if n := root.get("num_fewshot"); n != nil {
		shots, _ := n.value.(int64)
		e.shots = int(shots)
	}
	return e, nil
}

func scanText(root *node, key string) string {
	n := root.get(key)
	if n == nil || n.kind != scalarNode || n.value == nil {
		return ""
	}
	return py.Str(n.value)
}

// yamlFiles lists the .yaml files below a folder, sorted by path. Templates
// to include do not end so by convention. Links are not followed.
func yamlFiles(dir string) ([]*source, error) {
	var out []*source
	// The separator makes a link to a folder stand for the folder.
	err := filepath.WalkDir(dir+string(filepath.Separator), func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "__pycache__" || e.Name() == ".ipynb_checkpoints") {
			return filepath.SkipDir
		}
		if !e.IsDir() && strings.HasSuffix(name, ".yaml") {
			out = append(out, &source{name, false})
		}
		return nil
	})
	slices.SortFunc(out, func(a, b *source) int { return cmp.Compare(filepath.ToSlash(a.name), filepath.ToSlash(b.name)) })
	return out, err
}

func builtinSources() []*source {
	var out []*source
	for name := range builtinFiles() {
		if strings.HasSuffix(name, ".yaml") {
			out = append(out, &source{name, true})
		}
	}
	slices.SortFunc(out, func(a, b *source) int { return cmp.Compare(a.name, b.name) })
	return out
}
