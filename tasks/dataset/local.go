package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/regular"
	"github.com/llamaeval/llamaeval/tasks/hub"
	"github.com/llamaeval/llamaeval/tasks/py"
)

// maxFile and maxLine bound the user's own files, in bytes.
const (
	maxFile = 4 << 30
	maxLine = 64 << 20
)

// builders are the values of dataset_path that name a format, with the
// arguments each takes beside data_files and data_dir.
var builders = map[string][]string{
	"json":    {"field"},
	"csv":     {"delimiter", "sep"},
	"parquet": nil,
	"text":    nil,
}

// formats are the file extensions and what reads them.
var formats = map[string]string{
	".json": "json", ".jsonl": "json", ".ndjson": "json", ".csv": "csv", ".tsv": "csv", ".parquet": "parquet", ".txt": "text",
}

// local is a dataset in the user's own files.
type local struct {
	name      string // for messages
	format    string // a key of builders; empty: by extension
	field     string // json: the key that holds the rows
	delimiter string // csv
	paths     map[string][]string
}

// localFiles returns the dataset if the reference names one in local files.
func localFiles(ref Ref) (*local, bool, error) {
	options, isBuilder := builders[ref.Path]
	if isBuilder {
		l := &local{name: ref.Path + " dataset", format: ref.Path}
		if err := l.configure(ref, append([]string{"data_files", "data_dir"}, options...)); err != nil {
			return nil, true, err
		}
		return l, true, l.findFiles(ref)
	}
	path, ok := localPath(ref)
	if !ok {
		return nil, false, nil
	}
	l := &local{name: ref.Path}
	if err := l.configure(ref, []string{"field", "delimiter", "sep", "data_files", "data_dir"}); err != nil {
		return nil, true, err
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, true, l.absent(path, err)
	case !info.IsDir():
		l.paths = map[string][]string{"train": {path}}
		return l, true, nil
	}
	if _, ok := ref.Kwargs.Get("data_files"); ok {
		ref.Dir = path
		return l, true, l.findFiles(ref)
	}
	return l, true, l.scan(path, ref.Config)
}

// localPath decides whether a dataset_path is a path: it says so itself (./x,
// /x), ends as a data file does, or exists beside the task file.
func localPath(ref Ref) (string, bool) {
	p := filepath.FromSlash(ref.Path)
	if p == "" {
		return "", false
	}
	full := within(ref.Dir, p)
	explicit := filepath.IsAbs(p) || p == "." || p == ".." || strings.HasPrefix(ref.Path, "./") || strings.HasPrefix(ref.Path, "../")
	if explicit || formats[strings.ToLower(filepath.Ext(p))] != "" {
		return full, true
	}
	if ref.Dir == "" {
		return "", false
	}
	_, err := os.Stat(full)
	return full, err == nil
}

func within(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (l *local) configure(ref Ref, known []string) error {
	if err := checkKwargs(l.name, ref.Kwargs, known); err != nil {
		return err
	}
	for name, to := range map[string]*string{"field": &l.field, "delimiter": &l.delimiter, "sep": &l.delimiter} {
		v, ok := ref.Kwargs.Get(name)
		if !ok || v == nil {
			continue
		}
		if *to, ok = v.(string); !ok || *to == "" {
			return fmt.Errorf("%s: %s must be text, it is %s", l.name, name, py.Repr(v))
		}
	}
	if len([]rune(l.delimiter)) > 1 {
		return fmt.Errorf("%s: the delimiter must be one character, it is %q", l.name, l.delimiter)
	}
	return nil
}

// findFiles reads data_files and data_dir.
func (l *local) findFiles(ref Ref) error {
	dir := ref.Dir
	if v, ok := ref.Kwargs.Get("data_dir"); ok && v != nil {
		name, ok := v.(string)
		if !ok {
			return fmt.Errorf("%s: data_dir must be text, it is %s", l.name, py.Repr(v))
		}
		dir = within(dir, filepath.FromSlash(name))
	}
	v, ok := ref.Kwargs.Get("data_files")
	if !ok || v == nil {
		if dir != ref.Dir {
			return l.scan(dir, "")
		}
		return fmt.Errorf("%s: dataset_kwargs needs data_files or data_dir", l.name)
	}
	l.paths = map[string][]string{}
	perSplit, ok := v.(*py.Dict)
	if !ok {
		return l.add("train", v, dir)
	}
	for k, files := range perSplit.All() {
		split, ok := k.(string)
		if !ok {
			return fmt.Errorf("%s: data_files: the split %s must be text", l.name, py.Repr(k))
		}
		if err := l.add(split, files, dir); err != nil {
			return err
		}
	}
	return nil
}

// add resolves one path or pattern, or a list of them. A path need not exist
// yet: only reading the split needs it.
func (l *local) add(split string, v py.Value, dir string) error {
	switch v := v.(type) {
	case string:
		if isURL(v) || strings.Contains(v, "://") {
			return fmt.Errorf("%s: data_files %s: URLs are not fetched, download the file and name its path", l.name, v)
		}
		path := within(dir, filepath.FromSlash(v))
		if !strings.ContainsAny(v, "*?[") {
			l.paths[split] = append(l.paths[split], path)
			return nil
		}
		found, err := filepath.Glob(path)
		if err != nil || len(found) == 0 {
			return fmt.Errorf("%s: data_files %s: no file matches", l.name, path)
		}
		l.paths[split] = append(l.paths[split], found...)
		return nil
	case []any:
		for _, item := range v {
			if _, ok := item.(string); !ok {
				return fmt.Errorf("%s: data_files of split %s: %s is not a path", l.name, split, py.Repr(item))
			}
			if err := l.add(split, item, dir); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("%s: data_files of split %s must be a path or a list of paths, it is %s", l.name, split, py.Repr(v))
}

// scan finds the data files of a folder, or of its folder named like the
// configuration. A file belongs to the split that its name begins with
// (train-00000.parquet) or that its folder is called; all others are train.
func (l *local) scan(dir, config string) error {
	if config != "" {
		if err := checkName(l.name, "configuration", config); err != nil {
			return err
		}
		dir = filepath.Join(dir, config)
	}
	l.paths = map[string][]string{}
	for _, pattern := range []string{"*", filepath.Join("*", "*")} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return err
		}
		for _, path := range found {
			format := formats[strings.ToLower(filepath.Ext(path))]
			if format == "" || l.format != "" && l.format != format {
				continue
			}
			split := splitOf(filepath.Base(path))
			if split == "" {
				split = splitOf(filepath.Base(filepath.Dir(path)))
			}
			if split == "" {
				split = "train"
			}
			l.paths[split] = append(l.paths[split], path)
		}
	}
	if len(l.paths) == 0 {
		return l.absent(dir, errors.New("the folder holds no data files (json, jsonl, csv, tsv, parquet, txt)"))
	}
	return nil
}

// splitOf reads a split from a file's or folder's name, or returns "".
func splitOf(name string) string {
	word, _, _ := strings.Cut(strings.ToLower(name), ".")
	word, _, _ = strings.Cut(strings.ReplaceAll(word, "_", "-"), "-")
	switch word {
	case "train", "training":
		return "train"
	case "validation", "valid", "val", "dev":
		return "validation"
	case "test", "testing", "eval":
		return "test"
	}
	return ""
}

func (l *local) splits() []string { return slices.Sorted(maps.Keys(l.paths)) }

// files returns the paths of a split and checks that they exist.
func (l *local) files(split string) ([]string, error) {
	paths, ok := l.paths[split]
	if !ok {
		return nil, noSuch("split", split, l.name, l.splits())
	}
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return nil, l.absent(p, err)
		}
		switch {
		case info.IsDir():
			return nil, fmt.Errorf("%s: %s is a folder, not a file", l.name, p)
		case !info.Mode().IsRegular():
			return nil, fmt.Errorf("%s: %s is not a regular file", l.name, p)
		case hub.IsToken(info):
			return nil, fmt.Errorf("%s: %s is the hub's token, which no prompt may hold", l.name, p)
		case info.Size() > maxFile:
			return nil, fmt.Errorf("%s: %s has %d bytes, more than the limit of %d", l.name, p, info.Size(), int64(maxFile))
		}
	}
	return paths, nil
}

func (l *local) absent(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.New("no such file")
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return fmt.Errorf("%s: %s: %w", l.name, path, err)
}

func (l *local) read(ctx context.Context, split string) ([]*py.Dict, string, error) {
	paths, err := l.files(split)
	if err != nil {
		return nil, "", err
	}
	var docs []*py.Dict
	for _, p := range paths {
		if err := ctx.Err(); err != nil {
			return nil, "", err
		}
		rows, err := l.readFile(ctx, p)
		if err != nil {
			return nil, "", err
		}
		docs = append(docs, rows...)
	}
	return sameColumns(docs), strings.Join(paths, ", "), nil
}

func (l *local) readFile(ctx context.Context, path string) ([]*py.Dict, error) {
	format, extension := l.format, strings.ToLower(filepath.Ext(path))
	if format == "" {
		format = formats[extension]
	}
	switch format {
	case "parquet":
		return readParquet(ctx, []string{path})
	case "":
		return nil, fmt.Errorf("%s: unknown kind of file: set dataset_path to json, csv, parquet or text and name the file in data_files", path)
	}
	data, err := regular.Read(path, maxFile)
	if err != nil {
		return nil, err
	}
	switch format {
	case "csv":
		return parseCSV(path, data, l.delimiterFor(extension))
	case "text":
		return parseText(path, data)
	default:
		return parseJSON(path, data, l.field)
	}
}

func (l *local) delimiterFor(extension string) rune {
	for _, r := range l.delimiter {
		return r
	}
	if extension == ".tsv" && l.format == "" {
		return '\t'
	}
	return ','
}
