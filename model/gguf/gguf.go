// Package gguf reads checkpoints in the GGUF container, versions 2 and 3,
// little-endian, as specified in ggml's docs/gguf.md: a header, typed metadata
// and a table of tensors whose data lie in the same file. The file is mapped,
// not read: opening costs the metadata, tensors cost what is touched of them.
//
// Nothing a file says is believed before it was checked against the bytes that
// exist, so a broken or hostile file costs an error of one line and no memory.
package gguf

import (
	"errors"
	"slices"

	"github.com/llamaeval/llamaeval/internal/mapped"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// File is an open checkpoint. Its methods may be called concurrently, except
// Close, which must come after all other use.
type File struct {
	// Path is the name the file was opened under; errors start with it.
	Path string
	// Version is the version of the container, 2 or 3.
	Version uint32

	data    []byte // what the metadata refer to, the first part's file; nil after Close
	files   mapped.Files
	paths   []string // the files that it was read from
	keys    []string // in file order
	values  map[string]value
	tensors []Tensor // in file order
	byName  map[string]int
}

// Tensor is one entry of the tensor table.
type Tensor struct {
	Name string
	Type quant.Type
	// Shape has 1 to 4 positive dimensions, the row length first: Shape[0]
	// weights lie behind each other, Shape[1] rows follow, and so on.
	Shape []int
	// Data holds the rows without gaps: RowBytes(Shape[0]) times the product
	// of the other dimensions. It lies within the mapping: read-only, and
	// gone after Close.
	Data []byte
}

// Open maps the file at path and reads its metadata and tensor table. The
// error names the file, the place in it and what is wrong there.
//
// A checkpoint that is split over files "NAME-00001-of-0000N.gguf" is opened by
// any of them as one File.
func Open(path string) (*File, error) {
	f, err := openPart(path)
	if err != nil {
		return nil, err
	}
	if n := f.splitCount(); n > 1 {
		f.Close()
		return openParts(path, n)
	}
	return f, nil
}

func openPart(path string) (*File, error) {
	var files mapped.Files
	data, err := files.Open(path, "GGUF checkpoint")
	if err != nil {
		return nil, err
	}
	f, err := parse(path, data)
	if err != nil {
		return nil, errors.Join(err, files.Close())
	}
	f.files = files
	return f, nil
}

// Close releases the mapping. Tensor data must not be touched afterwards;
// metadata arrays are then reported as absent. A second Close does nothing.
func (f *File) Close() error {
	f.data = nil
	return f.files.Close()
}

// FileBytes returns the size of the files that Close gives back.
func (f *File) FileBytes() int64 { return f.files.Size() }

// Bring brings the whole checkpoint into memory, see mapped.Files.
func (f *File) Bring() { f.files.Bring() }

// Paths returns the files that the checkpoint was read from, which say together
// what it is; see HashAll.
func (f *File) Paths() []string { return slices.Clone(f.paths) }

// Tensor returns the tensor of that name.
func (f *File) Tensor(name string) (Tensor, bool) {
	i, ok := f.byName[name]
	if !ok {
		return Tensor{}, false
	}
	return f.tensors[i], true
}

// Tensors returns all tensors in file order.
func (f *File) Tensors() []Tensor { return slices.Clone(f.tensors) }

// Elements returns the number of weights in the tensor.
func (t Tensor) Elements() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Rows returns the number of rows of Shape[0] weights.
func (t Tensor) Rows() int { return t.Elements() / t.Shape[0] }
