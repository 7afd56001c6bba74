package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/internal/regular"
)

// A results folder may lie in an object store: whatever here takes a folder
// to read takes its address, too (s3://bucket/prefix/run). Its Parquet files
// are copied to the cache when they are opened.

const maxRunFile = 64 << 20 // bytes

// readRunFile returns the text of a run.json.
func readRunFile(dir string) ([]byte, error) {
	if !objects.Is(dir) {
		return regular.Read(filepath.Join(dir, RunFile), maxRunFile)
	}
	p, err := objects.Parse(dir)
	if err != nil {
		return nil, err
	}
	return p.Read(objects.Context(), RunFile)
}

// locate returns the path of a Parquet file of a results folder, which is the
// one that its run wrote.
func locate(dir, name string) (string, error) {
	if !objects.Is(dir) {
		return filepath.Join(dir, name), checkFile(dir, name)
	}
	run, err := ReadRun(dir)
	if err != nil {
		return "", err
	}
	return fetch(dir, name, run)
}

// fetch copies a Parquet file of a run in a store to the cache.
func fetch(dir, name string, run Run) (string, error) {
	p, err := objects.Parse(dir)
	if err != nil {
		return "", err
	}
	sha, known := run.Files[name]
	if !known || !IsHash(sha) {
		return "", fmt.Errorf("%s: %s does not say the SHA-256 of %s: the run has not finished, or is of an older version", dir, RunFile, name)
	}
	return p.Cached(objects.Context(), name, sha)
}

// IsHash reports whether s is a SHA-256 in hex: what a file says about itself
// must not become a path or a command.
func IsHash(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// Clean is filepath.Clean for folders and addresses.
func Clean(dir string) string {
	if p, err := objects.Parse(dir); objects.Is(dir) && err == nil {
		return p.String()
	}
	return filepath.Clean(dir)
}

// A runFile is a run.json below a root.
type runFile struct {
	path    string // of its folder, from the root, with slashes; "." is the root itself
	version string // changes with the content
}

// below joins a root and a run's path.
func below(root, path string) string {
	if path == "." {
		return root
	}
	if p, err := objects.Parse(root); objects.Is(root) && err == nil {
		return p.Child(path).String()
	}
	return filepath.Join(root, filepath.FromSlash(path))
}

// listRuns lists the results folders at and below a folder or an address, by
// name. One that holds none is an error.
func listRuns(root string) ([]runFile, error) {
	list := listFolder
	if objects.Is(root) {
		list = listObjects
	}
	out, err := list(root)
	if err == nil && len(out) == 0 {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, noRun(root, err)
	}
	slices.SortFunc(out, func(a, b runFile) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

func listObjects(root string) ([]runFile, error) {
	p, err := objects.Parse(root)
	if err != nil {
		return nil, err
	}
	var out []runFile
	for o, err := range p.List(objects.Context()) {
		if err != nil {
			return nil, err
		}
		if o.Name == RunFile {
			out = append(out, runFile{".", o.Version})
		} else if dir, ok := strings.CutSuffix(o.Name, "/"+RunFile); ok {
			out = append(out, runFile{dir, o.Version})
		}
	}
	return out, nil
}

func listFolder(root string) ([]runFile, error) {
	var out []runFile
	var walk func(dir, path string) error
	walk = func(dir, path string) error {
		info, err := os.Stat(filepath.Join(dir, RunFile))
		if err == nil && info.Mode().IsRegular() {
			out = append(out, runFile{path, fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())})
			return nil // a run holds no runs
		}
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.IsDir() && !strings.HasPrefix(e.Name(), ".") {
				next := e.Name()
				if path != "." {
					next = path + "/" + next
				}
				if err := walk(filepath.Join(dir, e.Name()), next); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return out, walk(root, ".")
}

// noRun words that there is none.
func noRun(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return &noRunError{dir}
	}
	return err
}
