package tasks

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/nearest"
)

// Options configure a Registry.
type Options struct {
	TasksDirs []string     // folders with task files; a later one wins over an earlier one, all over our own
	Warn      func(string) // takes one line at a time; nil drops them
	// IndexDir is where the index of a large folder is kept from one time to
	// the next; "" keeps none.
	IndexDir string
}

// Registry knows every task, group and tag by name.
type Registry struct {
	files   *files
	entries map[string]*entry
	tags    map[string][]string // sorted
	broken  []error
}

// NewRegistry indexes our own task files and those of the given folders. A
// file that cannot be read is warned about and left out.
func NewRegistry(o Options) (*Registry, error) {
	r := &Registry{files: newFiles(), tags: map[string][]string{}}
	warn := o.Warn
	if warn == nil {
		warn = func(string) {}
	}
	own := r.files.scan(builtinSources(), nil)
	if len(own.broken) > 0 {
		return nil, errors.Join(own.broken...)
	}
	r.entries, r.tags = own.entries, own.tags
	for _, dir := range o.TasksDirs {
		if info, err := os.Stat(dir); err != nil {
			return nil, fmt.Errorf("--tasks-dir takes a folder: %w", err)
		} else if !info.IsDir() {
			return nil, fmt.Errorf("--tasks-dir: %s is not a folder", dir)
		}
		found, err := yamlFiles(dir)
		if err != nil {
			return nil, fmt.Errorf("--tasks-dir takes a folder: %w", err)
		}
		kept := openCatalog(o.IndexDir, dir, len(found))
		r.add(dir, r.files.scan(found, kept), warn)
		kept.save(found)
	}
	for tag, names := range r.tags {
		slices.Sort(names)
		r.tags[tag] = slices.Compact(names)
	}
	return r, nil
}

// add lays the definitions of a folder over what is known. A tag gains
// members; a name is replaced.
func (r *Registry) add(dir string, x *index, warn func(string)) {
	var replaced []string
	for name, e := range x.entries {
		if r.entries[name] != nil {
			replaced = append(replaced, name)
		}
		r.entries[name] = e
	}
	for tag, names := range x.tags {
		r.tags[tag] = append(r.tags[tag], names...)
	}
	r.broken = append(r.broken, x.broken...)
	if len(replaced) > 0 {
		slices.Sort(replaced)
		warn(fmt.Sprintf("%s overrides %s", dir, enumerate(replaced, 5)))
	}
	if len(x.broken) > 0 {
		warn(fmt.Sprintf("%s: %d files are left out; the first: %v", dir, len(x.broken), x.broken[0]))
	}
}

// enumerate lists names, the first n of many.
func enumerate(names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:n], ", "), len(names)-n)
}

// Load reads and checks one task by name.
func (r *Registry) Load(name string) (*Task, error) {
	e, err := r.lookup(name)
	if err != nil {
		return nil, err
	}
	if e.group {
		return nil, fmt.Errorf("%s is a group, not a task", name)
	}
	return r.loadEntry(e, nil)
}

func (r *Registry) loadEntry(e *entry, overrides []pair) (*Task, error) {
	root, err := r.files.load(e.src)
	if err != nil {
		return nil, err
	}
	if now, err := newEntry(e.src, root); err != nil || now == nil || now.name != e.name {
		return nil, fmt.Errorf("%s: no longer defines the task %s: it has changed without its size or time showing it; touch it and try again", e.src.name, e.name)
	}
	if len(overrides) > 0 {
		root = root.with(overrides)
	}
	return r.files.task(root)
}

func (r *Registry) lookup(name string) (*entry, error) {
	if e := r.entries[name]; e != nil {
		return e, nil
	}
	return nil, r.unknown(name)
}

func (r *Registry) unknown(name string) error {
	known := slices.AppendSeq(slices.Collect(maps.Keys(r.entries)), maps.Keys(r.tags))
	slices.Sort(known)
	hint := nearest.DidYouMean(name, slices.Compact(known))
	if hint == "" {
		hint = listHint
	}
	if n := len(r.broken); n > 0 {
		hint += fmt.Sprintf("; %d task files could not be read", n)
	}
	return &UnknownTaskError{Name: name, verb: "is named", hint: hint}
}

// UnknownTaskError reports a name that is no task, group or tag.
type UnknownTaskError struct {
	Name string
	verb string // what no task does
	hint string
}

const listHint = ": `llamaeval tasks list` shows all"

func (e *UnknownTaskError) Error() string {
	return fmt.Sprintf("no task, group or tag %s %s%s", e.verb, quote(e.Name), e.hint)
}

// Listing is one line of `tasks list`.
type Listing struct {
	Task       string
	OutputType string // "" for a Python class
	Dataset    string // path, and configuration behind a space
	Shots      int    // the task's own default
	Source     string // file
}

// List returns all tasks and the names of all groups and tags, sorted by name.
// Task files are not checked.
func (r *Registry) List() (tasks []Listing, groups []string) {
	for _, name := range slices.Sorted(maps.Keys(r.entries)) {
		if e := r.entries[name]; e.group {
			groups = append(groups, name)
		} else {
			tasks = append(tasks, Listing{name, e.outputType, e.dataset, e.shots, e.src.name})
		}
	}
	for tag := range r.tags {
		if r.entries[tag] == nil {
			groups = append(groups, tag)
		}
	}
	slices.Sort(groups)
	return tasks, groups
}

// ParseFile reads and checks one task file.
func ParseFile(path string) (*Task, error) {
	root, f, err := loadFile(path)
	if err != nil {
		return nil, err
	}
	if root.get("group") != nil {
		return nil, &GroupFileError{File: path}
	}
	return f.task(root)
}

// ParseGroupFile reads and checks one group file; its members are not looked up.
func ParseGroupFile(path string) (*Group, error) {
	root, _, err := loadFile(path)
	if err != nil {
		return nil, err
	}
	return decodeGroup(root, 0)
}

// KeyPlace says where a task file or one it includes gives a key its value, as
// file:line; it is the path alone where none does.
func KeyPlace(path, key string) string {
	root, _, err := loadFile(path)
	if err != nil {
		return path
	}
	n := root.get(key)
	if n == nil {
		return path
	}
	return fmt.Sprintf("%s:%d", n.src.name, n.line)
}

func loadFile(path string) (*node, *files, error) {
	f := newFiles()
	root, err := f.load(&source{path, false})
	return root, f, err
}

// GroupFileError reports that a file defines a group where a task is wanted:
// ParseGroupFile reads it.
type GroupFileError struct{ File string }

func (e *GroupFileError) Error() string {
	return fmt.Sprintf("%s: defines a group, not a task", e.File)
}
