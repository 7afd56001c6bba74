package tasks

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
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

// scanned is one file of a root and what the index takes from it.
type scanned struct {
	src   *source
	info  fs.FileInfo // nil for our own
	entry *entry      // nil for a file without a task or group
	parts []source    // files it includes
	read  bool        // and not known from an earlier time
	err   error
}

// scan takes the definitions of a root, reading in parallel what kept does not
// know; they are entered in order, so that of two definitions of one name the
// first counts.
func (f *files) scan(all []scanned, kept *catalog) *index {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(all)); i = next.Add(1) - 1 {
				if s := &all[i]; !kept.find(s) {
					s.read = true
					s.entry, s.parts, s.err = f.scanFile(s.src)
				}
			}
		})
	}
	wg.Wait()
	x := &index{entries: map[string]*entry{}, tags: map[string][]string{}}
	for _, s := range all {
		e := s.entry
		if s.err != nil {
			x.broken = append(x.broken, s.err)
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
// a task or group, such as a template, gives nil. parts are the files it
// includes.
func (f *files) scanFile(src *source) (*entry, []source, error) {
	root, parts, err := f.loadParts(src)
	if err != nil {
		return nil, parts, err
	}
	e, err := newEntry(src, root)
	return e, parts, err
}

func newEntry(src *source, root *node) (e *entry, err error) {
	e = &entry{src: src}
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
func yamlFiles(dir string) ([]scanned, error) {
	var out []scanned
	// The separator makes a link to a folder stand for the folder.
	err := filepath.WalkDir(dir+string(filepath.Separator), func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() && (e.Name() == "__pycache__" || e.Name() == ".ipynb_checkpoints") {
			return filepath.SkipDir
		}
		if !e.IsDir() && strings.HasSuffix(name, ".yaml") {
			info, err := fileInfo(name, e)
			if errors.Is(err, fs.ErrNotExist) { // deleted just now
				return nil
			} else if err != nil {
				return err
			}
			out = append(out, scanned{src: &source{name, false}, info: info})
		}
		return nil
	})
	slices.SortFunc(out, func(a, b scanned) int {
		return cmp.Compare(filepath.ToSlash(a.src.name), filepath.ToSlash(b.src.name))
	})
	return out, err
}

// fileInfo describes a file, or what a link leads to: a link to nothing by
// itself, and reading it will say so.
func fileInfo(name string, e fs.DirEntry) (fs.FileInfo, error) {
	if e.Type()&fs.ModeSymlink != 0 {
		if info, err := os.Stat(name); err == nil {
			return info, nil
		}
	}
	return e.Info()
}

func builtinSources() []scanned {
	var out []scanned
	for name := range builtinFiles() {
		if strings.HasSuffix(name, ".yaml") {
			out = append(out, scanned{src: &source{name, true}})
		}
	}
	slices.SortFunc(out, func(a, b scanned) int { return cmp.Compare(a.src.name, b.src.name) })
	return out
}
