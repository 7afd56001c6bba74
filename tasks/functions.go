package tasks

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/scoring"
)

// A function is our own implementation of a Python function that task files
// name. Exactly one of the fields below the hashes says what it can stand
// for.
//
// To add one: write the Go function in a file named after the benchmark
// (hellaswag.go), and enter it in functionTable with the name of the folder,
// the module and the function, and the SHA-256 of the Python file whose
// behaviour it has (functable.go). Another version of the file that behaves alike is one
// more hash. A name alone is never enough: half the benchmarks of the field
// call their module utils.
type function struct {
	folder, module, name string
	hashes               []string

	docs    ProcessDocs // process_docs
	doc     DocFunc     // doc_to_text, doc_to_target, doc_to_choice
	samples *samples    // fewshot_config.samples
	process *scoring.Process
	metric  string                // metric: one of the names below
	answers func() scoring.Filter // filter_fn
	filter  string                // function of a filter: its name in package scoring
	class   string                // class: the built-in task that stands for it
}

// samples are exemplars that a Python file holds a copy of; we read them where
// they were copied from.
type samples struct {
	path, config, split string
	pick                ProcessDocs
}

// Names under which Metric.Func refers to functions that need more than a
// document: a runner of programs, or all samples.
const (
	ScorePassAtK = "humaneval.pass_at_k" // keyword argument k
	ScorePassAt1 = "mbpp.pass_at_1"
	ScoreMajAtK  = "vote.maj_at_k" // keyword argument k
)

// qualified is the name by which our own task files call the function:
// hellaswag.process_docs.
func (f *function) qualified() string { return f.folder + "." + f.name }

// function finds the implementation of a !function node.
func (f *files) function(n *node) (*function, error) {
	if n.kind != funcNode {
		return nil, n.errorf("wants a !function, this is %s", n.describe())
	}
	qualified := n.value.(string)
	module, name, ok := cutLast(qualified, ".")
	if !ok || module == "" || name == "" {
		return nil, n.errorf("!function %s: wants module.function", qualified)
	}
	if n.src.builtin {
		for _, fn := range functionTable() {
			if fn.qualified() == qualified {
				return fn, nil
			}
		}
		return nil, n.errorf("!function %s is not in the table of functions", qualified)
	}
	return f.pythonFunction(n, module, name)
}

// pythonFunction recognises a function by folder, name and the file's hash.
func (f *files) pythonFunction(n *node, module, name string) (*function, error) {
	file := filepath.Join(n.src.dir(), modulePath(module))
	hash, err := f.hash(file)
	if errors.Is(err, fs.ErrNotExist) {
		if installed, ok := installedModule(n.src.dir(), module); ok {
			file = installed
			hash, err = f.hash(file)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, n.errorf("!function %s.%s: %s does not exist", module, name, file)
	} else if err != nil {
		return nil, n.errorf("!function %s.%s: %v", module, name, err)
	}
	folder := filepath.Base(filepath.Dir(file))
	known := false
	for _, fn := range functionTable() {
		if fn.folder != folder || fn.name != name {
			continue
		}
		known = true
		if slices.Contains(fn.hashes, hash) {
			return fn, nil
		}
	}
	why := "has no Go implementation here"
	if known {
		why = "is another version than the ones implemented here"
	}
	return nil, &UnknownFunctionError{At: n.src.name, Line: n.line, Function: module + "." + name, File: file, SHA256: hash, why: why}
}

// noPlace reports that a function cannot stand where the file has it, for no
// function we know gives such a thing; one we do not know is named.
func (f *files) noPlace(n *node, what string) error {
	if _, err := f.function(n); err != nil {
		return err
	}
	return n.errorf("!function %s does not give %s", n.value, what)
}

func modulePath(module string) string {
	return filepath.FromSlash(strings.ReplaceAll(module, ".", "/")) + ".py"
}

// installedModule finds lm_eval.tasks.folder.module, by which the harness
// imports from its own folder of tasks, from a folder below that one.
func installedModule(dir, module string) (file string, ok bool) {
	below, ok := strings.CutPrefix(module, "lm_eval.tasks.")
	if !ok {
		return "", false
	}
	dir = filepath.ToSlash(dir)
	i := strings.LastIndex(dir+"/", "/tasks/")
	if i < 0 {
		return "", false
	}
	return filepath.Join(filepath.FromSlash(dir[:i]), "tasks", modulePath(below)), true
}

// UnknownFunctionError reports a Python function without an implementation.
type UnknownFunctionError struct {
	At       string // task file
	Line     int
	Function string // module.name as written
	File     string // the Python file
	SHA256   string // of the Python file, hex
	why      string
}

func (e *UnknownFunctionError) Error() string {
	return fmt.Sprintf("%s:%d: !function %s of %s (SHA-256 %s) %s: write it as a template, or register it in tasks/functable.go (docs/tasks.md)",
		e.At, e.Line, e.Function, e.File, e.SHA256, e.why)
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// column reads a text column of a document.
func column(doc *py.Dict, name string) (string, error) {
	v, ok := doc.Get(name)
	if !ok {
		return "", fmt.Errorf("the document has no column %q", name)
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("column %q is %s, not a text", name, py.TypeName(v))
	}
	return s, nil
}

// mapDocs builds a ProcessDocs that adds columns to each document, as
// dataset.map does: a known column is replaced in place, a new one put last.
func mapDocs(each func(doc, out *py.Dict) error) ProcessDocs {
	return func(docs []*py.Dict) ([]*py.Dict, error) {
		result := make([]*py.Dict, len(docs))
		for i, doc := range docs {
			out := doc.Clone()
			if err := each(doc, out); err != nil {
				return nil, fmt.Errorf("doc %d: %w", i, err)
			}
			result[i] = out
		}
		return result, nil
	}
}
