package tasks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/llamaeval/llamaeval/internal/regular"
)

// maxFile bounds a task file and a Python file beside it, in bytes.
const maxFile = 4 << 20

// maxIncludes bounds the files that one task file is put together from.
const maxIncludes = 64

// source is one file of task definitions: on disk, or one of our own.
type source struct {
	name    string // as messages show it; on disk also its path
	builtin bool
}

func (s *source) dir() string {
	if s.builtin {
		return path.Dir(s.name)
	}
	return filepath.Dir(s.name)
}

// include finds a file named relative to this one. builtin/NAME.yaml is one
// of ours, unless there is such a file.
func (s *source) include(name string) (*source, error) {
	if s.builtin {
		return &source{path.Join(s.dir(), name), true}, nil
	}
	if name == "" {
		return nil, fmt.Errorf("include is empty")
	}
	own := &source{path.Clean(name), true}
	if !filepath.IsAbs(name) {
		name = filepath.Join(s.dir(), filepath.FromSlash(name))
	}
	name = filepath.Clean(name)
	if _, ours := builtinFiles()[own.name]; ours {
		if _, err := os.Stat(name); err != nil {
			return own, nil
		}
	}
	return &source{name, false}, nil
}

func (s *source) read() ([]byte, error) {
	if s.builtin {
		if data, ok := builtinFiles()[s.name]; ok {
			return data, nil
		}
		return nil, fmt.Errorf("%s: no such built-in file", s.name)
	}
	return readFile(s.name)
}

// readFile reads a regular file of bounded size.
func readFile(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s: %d bytes, more than the %d a task file may have", name, info.Size(), maxFile)
	}
	return regular.Read(name, maxFile)
}

// files reads sources and keeps what several of them share. It is safe for
// concurrent use.
type files struct {
	mu     sync.Mutex
	parsed map[source]*parsed
	hashes map[string]string // SHA-256 of Python files, hex
	reads  atomic.Int64      // task files read
}

type parsed struct {
	once sync.Once
	root *node
	err  error
}

func newFiles() *files {
	return &files{parsed: map[source]*parsed{}, hashes: map[string]string{}}
}

// load returns a file's mapping with its includes merged in. Templates are
// shared by thousands of files, so those are kept; the files themselves are
// not.
func (f *files) load(src *source) (*node, error) {
	root, _, err := f.loadParts(src)
	return root, err
}

// loadParts is load, and also names the files that were included.
func (f *files) loadParts(src *source) (*node, []source, error) {
	f.reads.Add(1)
	root, err := parseSource(src)
	if err != nil {
		return nil, nil, err
	}
	in := inclusion{files: f, left: maxIncludes}
	root, err = in.resolve(root, []source{*root.src})
	return root, in.parts, err
}

// resolve merges the includes of a mapping.
func (f *files) resolve(root *node) (*node, error) {
	in := inclusion{files: f, left: maxIncludes}
	return in.resolve(root, []source{*root.src})
}

// inclusion is the resolving of one file; left bounds its includes, counted
// with repetitions, since files that include each other twice double per level.
type inclusion struct {
	files *files
	left  int
	parts []source // what was included, with repetitions
}

// resolve merges includes: later ones win over earlier ones, the mapping's
// own keys over all, whole values at a time.
func (in *inclusion) resolve(root *node, chain []source) (*node, error) {
	inc := root.get("include")
	if inc == nil {
		return root, nil
	}
	names := []*node{inc}
	if inc.kind == listNode {
		names = inc.items
	}
	out := &node{kind: mapNode, src: root.src, line: root.line}
	for _, n := range names {
		part, err := in.part(n, chain)
		if err != nil {
			return nil, err
		}
		// task_list belongs to the file that has it (_yaml_loader.py).
		out.pairs = update(out.pairs, part.without("task_list"))
	}
	out.pairs = update(out.pairs, root.without("include"))
	return out, nil
}

func (in *inclusion) part(at *node, chain []source) (*node, error) {
	name, ok := at.value.(string)
	if at.kind != scalarNode || !ok {
		return nil, at.errorf("include names a file, this is %s", at.describe())
	}
	src, err := at.src.include(name)
	if err != nil {
		return nil, at.errorf("%v", err)
	}
	if slices.Contains(chain, *src) {
		return nil, at.errorf("include cycle: %s includes itself", src.name)
	}
	if in.left--; in.left < 0 {
		return nil, at.errorf("more than %d includes for one file", maxIncludes)
	}
	in.parts = append(in.parts, *src)
	root, err := in.files.shared(src)
	if err != nil {
		return nil, at.errorf("include: %v", err)
	}
	return in.resolve(root, append(slices.Clip(chain), *src))
}

// shared parses a file that others include, once.
func (f *files) shared(src *source) (*node, error) {
	f.mu.Lock()
	m := f.parsed[*src]
	if m == nil {
		m = &parsed{}
		f.parsed[*src] = m
	}
	f.mu.Unlock()
	m.once.Do(func() {
		f.reads.Add(1)
		m.root, m.err = parseSource(src)
	})
	return m.root, m.err
}

func parseSource(src *source) (*node, error) {
	data, err := src.read()
	if err != nil {
		return nil, err
	}
	root, err := parseYAML(src, data)
	if err == nil && root.kind != mapNode {
		return nil, root.errorf("a task file holds a mapping, this is %s", root.sort())
	}
	return root, err
}

// hash is the SHA-256 of a file, hex.
func (f *files) hash(name string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h, ok := f.hashes[name]; ok {
		return h, nil
	}
	data, err := readFile(name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	f.hashes[name] = hex.EncodeToString(sum[:])
	return f.hashes[name], nil
}
