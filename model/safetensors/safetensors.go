// Package safetensors reads checkpoints in the safetensors container: a length,
// a header in JSON that names tensors, and their data, which are mapped, not
// read. A checkpoint may be sharded over files that an index lists.
//
// Nothing a file says is believed before it was checked against the bytes that
// exist, so a broken or hostile file costs an error of one line and no memory
// beyond its own size.
package safetensors

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/internal/regular"
)

// Tensor is one entry of a checkpoint.
type Tensor struct {
	Name  string
	DType string // as in the file: F32, BF16, F8_E4M3 and so on
	Shape []int  // as in the file, the row length last; empty for a scalar
	Data  []byte // little-endian, rows without gaps; gone after Close
}

// File is an open checkpoint, of one file or of shards.
type File struct {
	Paths   []string     // its files, the index first where there is one
	Mapped  mapped.Files // where the data are
	tensors []Tensor
	byName  map[string]int
}

// Names of the files that a folder of a checkpoint has.
const (
	SingleFile = "model.safetensors"
	IndexFile  = "model.safetensors.index.json"
)

const (
	maxIndex  = 64 << 20 // bytes of an index
	maxShards = 10_000
)

// Open opens the checkpoint in a folder: its index, else its only .safetensors
// file.
func Open(dir string) (*File, error) {
	index := filepath.Join(dir, IndexFile)
	if _, err := os.Stat(index); err == nil {
		return openSharded(dir, index)
	}
	files, err := filepath.Glob(filepath.Join(escape(dir), "*.safetensors"))
	if err != nil {
		return nil, err
	}
	if single := filepath.Join(dir, SingleFile); slices.Contains(files, single) {
		files = []string{single}
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("%s: %d .safetensors files and no %s, want one file or an index", dir, len(files), IndexFile)
	}
	f := &File{byName: map[string]int{}}
	if err := f.add(files[0], nil); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// escape makes a path a pattern that matches it alone.
func escape(path string) string {
	if os.PathSeparator == '\\' {
		return path // no escapes there
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// openSharded opens the files of an index, whose weight_map says where each
// tensor lies.
func openSharded(dir, index string) (*File, error) {
	data, err := regular.Read(index, maxIndex)
	if err != nil {
		return nil, err
	}
	var list struct {
		WeightMap map[string]string `json:"weight_map"`
	}
	if err := json.Unmarshal(data, &list); err != nil || len(list.WeightMap) == 0 {
		return nil, fmt.Errorf("%s: is no index of a sharded checkpoint (want JSON with a weight_map)", index)
	}
	shards := map[string]map[string]bool{}
	for tensor, name := range list.WeightMap {
		if name != filepath.Base(name) || !filepath.IsLocal(name) || strings.ContainsAny(name, `/\`) {
			return nil, fmt.Errorf("%s: shard %.80q is not the name of a file beside it", index, name)
		}
		if shards[name] == nil {
			shards[name] = map[string]bool{}
		}
		shards[name][tensor] = true
	}
	if len(shards) > maxShards {
		return nil, fmt.Errorf("%s: lists %d shards, more than %d", index, len(shards), maxShards)
	}
	f := &File{Paths: []string{index}, byName: map[string]int{}}
	for i, name := range slices.Sorted(maps.Keys(shards)) {
		if err := f.add(filepath.Join(dir, name), shards[name]); err != nil {
			return nil, errors.Join(fmt.Errorf("shard %d of %d: %w", i+1, len(shards), err), f.Close())
		}
	}
	return f, nil
}

// add takes the tensors of one file, of which the wanted ones must be there;
// nil wants all.
func (f *File) add(path string, wanted map[string]bool) error {
	data, err := f.Mapped.Open(path, "safetensors checkpoint")
	if err != nil {
		return err
	}
	f.Paths = append(f.Paths, path)
	tensors, err := Parse(path, data)
	if err != nil {
		return err
	}
	for _, t := range tensors {
		if wanted != nil && !wanted[t.Name] {
			continue
		}
		delete(wanted, t.Name)
		f.byName[t.Name] = len(f.tensors)
		f.tensors = append(f.tensors, t)
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		return fmt.Errorf("%s: has no tensor %.80q, which the index says it has", path, name)
	}
	return nil
}

// Tensors returns all tensors, by file and place in it.
func (f *File) Tensors() []Tensor { return slices.Clone(f.tensors) }

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Close releases the mappings. A second Close does nothing.
func (f *File) Close() error { return f.Mapped.Close() }
