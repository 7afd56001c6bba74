package gguf

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"

	"github.com/llamaeval/llamaeval/internal/quote"
	"github.com/llamaeval/llamaeval/kernels/quant"
)

// Limits of docs/gguf.md, and the smallest entries the tables can have; a
// count is refused when the rest of the file could not hold that many.
const (
	maxKeyLength     = 1<<16 - 1
	maxTensorName    = 1024 // the specification says 64; converters exceed it
	maxDims          = 4
	defaultAlignment = 32
	minPairBytes     = 8 + 1 + 4 + 1         // length, key, type, value
	minTensorBytes   = 8 + 1 + 4 + 8 + 4 + 8 // length, name, n_dims, dim, type, offset
)

// Parse reads a checkpoint held in memory; name is used in errors and as Path.
// The tensors refer to data, which must not change while they are in use.
func Parse(name string, data []byte) (*File, error) {
	f, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	if n := f.splitCount(); n > 1 {
		return nil, fmt.Errorf("%s: is one of %d parts of a split checkpoint; open it as a file beside the others", name, n)
	}
	return f, nil
}

func parse(name string, data []byte) (*File, error) {
	f := &File{Path: name, data: data, paths: []string{name}}
	p := &parser{name: name, data: data}
	tensorCount, pairCount, err := p.header(f)
	if err != nil {
		return nil, err
	}
	if err := p.metadata(f, pairCount); err != nil {
		return nil, err
	}
	if err := p.tensorTable(f, tensorCount); err != nil {
		return nil, err
	}
	return f, nil
}

// parser is a cursor over the file. pos never exceeds len(data).
type parser struct {
	name string
	data []byte
	pos  int
}

func (p *parser) left() int { return len(p.data) - p.pos }

// fail builds the error for something wrong at the cursor.
func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("%s: byte %d: %s", p.name, p.pos, fmt.Sprintf(format, args...))
}

// take returns the next n bytes; what says in the error what they were to be.
func (p *parser) take(n int, what string) ([]byte, error) {
	if n > p.left() {
		return nil, p.fail("file ends within %s: %d bytes needed, %d left", what, n, p.left())
	}
	b := p.data[p.pos : p.pos+n]
	p.pos += n
	return b, nil
}

func (p *parser) uint32(what string) (uint32, error) {
	b, err := p.take(4, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(b), nil
}

func (p *parser) uint64(what string) (uint64, error) {
	b, err := p.take(8, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(b), nil
}

// bytes reads a length-prefixed string of at most limit bytes.
func (p *parser) bytes(limit int, what string) ([]byte, error) {
	n, err := p.uint64("the length of " + what)
	if err != nil {
		return nil, err
	}
	if n > uint64(limit) {
		return nil, p.fail("%s claims %d bytes, at most %d are possible", what, n, limit)
	}
	return p.take(int(n), what)
}

// fits checks that the rest of the file could hold n entries of size bytes.
func (p *parser) fits(n uint64, size int, what string) error {
	if most := p.left() / size; n > uint64(most) {
		return p.fail("claims %d %s, the %d bytes left hold at most %d", n, what, p.left(), most)
	}
	return nil
}

// looksLike says what to do about some other formats.
func looksLike(data []byte) string {
	for _, f := range []struct{ begin, next string }{
		{"lmgg", older}, {"fmgg", older}, {"tjgg", older}, {"PK\x03\x04", pickle}, {"\x80\x02}", pickle},
		{"version https://git-lfs", "; it is a pointer of Git LFS: fetch the file itself (git lfs pull)"},
		{"<!DOCTYPE", "; it is a web page: the address was not that of the file"},
	} {
		if bytes.HasPrefix(data, []byte(f.begin)) {
			return f.next
		}
	}
	return ": give a GGUF file, or a folder with config.json and safetensors files"
}

const (
	older  = "; it has a format that llama.cpp had before GGUF: convert the original again"
	pickle = "; weights in PyTorch's pickles may run code when they are read: save them as safetensors, or convert them to GGUF"
)

func (p *parser) header(f *File) (tensorCount, pairCount int, err error) {
	if len(p.data) < 4 || string(p.data[:4]) != "GGUF" {
		return 0, 0, fmt.Errorf("%s: is not a GGUF checkpoint: %d bytes that start with %q, want \"GGUF\"%s",
			p.name, len(p.data), p.data[:min(4, len(p.data))], looksLike(p.data))
	}
	p.pos = 4
	if f.Version, err = p.uint32("the header"); err != nil {
		return 0, 0, err
	}
	if f.Version != 2 && f.Version != 3 {
		if swapped := bits.ReverseBytes32(f.Version); swapped == 2 || swapped == 3 {
			return 0, 0, p.fail("is a big-endian GGUF checkpoint, only little-endian ones are read")
		}
		return 0, 0, p.fail("GGUF version %d, only 2 and 3 are read; convert the checkpoint anew", f.Version)
	}
	tensors, err := p.uint64("the header")
	if err != nil {
		return 0, 0, err
	}
	pairs, err := p.uint64("the header")
	if err != nil {
		return 0, 0, err
	}
	if err := p.fits(tensors, minTensorBytes, "tensors"); err != nil {
		return 0, 0, err
	}
	if err := p.fits(pairs, minPairBytes, "metadata entries"); err != nil {
		return 0, 0, err
	}
	return int(tensors), int(pairs), nil
}

func (p *parser) metadata(f *File, count int) error {
	f.values = make(map[string]value)
	for i := range count {
		at := p.pos
		raw, err := p.bytes(maxKeyLength, fmt.Sprintf("key %d of %d", i+1, count))
		if err != nil {
			return err
		}
		key := string(raw)
		if _, twice := f.values[key]; twice || key == "" {
			p.pos = at
			return p.fail("metadata key %s is empty or occurs twice", quote.Name(key))
		}
		from := p.pos
		v, err := p.value("metadata " + quote.Name(key))
		if err != nil {
			return err
		}
		v.raw = p.data[from:p.pos:p.pos]
		f.keys = append(f.keys, key)
		f.values[key] = v
	}
	return nil
}

func (p *parser) value(what string) (value, error) {
	kind, err := p.uint32("the type of " + what)
	if err != nil {
		return value{}, err
	}
	v := value{kind: valueType(kind)}
	switch {
	case kind >= uint32(len(scalarBytes)):
		return v, p.fail("%s has the unknown type %d", what, kind)
	case v.kind == typeString:
		raw, err := p.bytes(p.left(), what)
		v.text = string(raw)
		return v, err
	case v.kind == typeArray:
		return p.arrayPlace(what)
	}
	b, err := p.take(scalarBytes[kind], what)
	if err != nil {
		return v, err
	}
	v.bits = scalar(v.kind, b)
	if v.kind == typeBool && v.bits > 1 {
		return v, p.fail("%s is a boolean of value %d, want 0 or 1", what, v.bits)
	}
	return v, nil
}

// arrayPlace steps over an array and notes where its elements lie.
func (p *parser) arrayPlace(what string) (value, error) {
	elem, err := p.uint32("the element type of " + what)
	if err != nil {
		return value{}, err
	}
	if elem >= uint32(len(scalarBytes)) || valueType(elem) == typeArray {
		return value{}, p.fail("%s is an array of elements of type %d, want numbers, booleans or strings", what, elem)
	}
	n, err := p.uint64("the length of " + what)
	if err != nil {
		return value{}, err
	}
	width, least := scalarBytes[elem], scalarBytes[elem]
	if valueType(elem) == typeString {
		least = 8 // the length of an empty string
	}
	if err := p.fits(n, least, "elements in "+what); err != nil {
		return value{}, err
	}
	v := value{kind: typeArray, elem: valueType(elem), count: int(n), lo: p.pos}
	if v.elem != typeString {
		p.pos += int(n) * width
	}
	for i := 0; v.elem == typeString && i < v.count; i++ {
		if p.left() < 8 || binary.LittleEndian.Uint64(p.data[p.pos:]) > uint64(p.left()-8) {
			return v, p.fail("file ends within element %d of %d of %s", i, n, what)
		}
		p.pos += 8 + int(binary.LittleEndian.Uint64(p.data[p.pos:]))
	}
	v.hi = p.pos
	return v, nil
}

// alignment returns the multiple at which the data section and each tensor in
// it start.
func (p *parser) alignment(f *File) (int, error) {
	const key = "general.alignment"
	if !f.has(key) {
		return defaultAlignment, nil
	}
	n, ok := f.Uint(key)
	if !ok || n == 0 || n > 1<<30 || n&(n-1) != 0 {
		return 0, p.fail("%s is not a power of two", key)
	}
	return int(n), nil
}

// entry is a tensor whose data have not been located yet.
type entry struct {
	tensor Tensor
	offset uint64 // from the start of the data section
	size   uint64
}

func (p *parser) tensorTable(f *File, count int) error {
	align, err := p.alignment(f)
	if err != nil {
		return err
	}
	entries := make([]entry, 0, count)
	f.byName = make(map[string]int, count)
	for i := range count {
		at := p.pos
		e, err := p.tensorEntry(i, count)
		if err != nil {
			return err
		}
		if _, twice := f.byName[e.tensor.Name]; twice {
			p.pos = at
			return p.fail("tensor %s occurs twice", quote.Name(e.tensor.Name))
		}
		f.byName[e.tensor.Name] = i
		entries = append(entries, e)
	}
	return p.locate(f, entries, align)
}

func (p *parser) tensorEntry(i, count int) (entry, error) {
	raw, err := p.bytes(maxTensorName, fmt.Sprintf("the name of tensor %d of %d", i+1, count))
	if err != nil {
		return entry{}, err
	}
	e := entry{tensor: Tensor{Name: string(raw)}}
	what := "tensor " + quote.Name(e.tensor.Name)
	dims, err := p.uint32(what)
	if err != nil {
		return e, err
	}
	if dims < 1 || dims > maxDims {
		return e, p.fail("%s has %d dimensions, want 1 to %d", what, dims, maxDims)
	}
	shape := make([]uint64, dims)
	for d := range shape {
		if shape[d], err = p.uint64(what); err != nil {
			return e, err
		}
	}
	kind, err := p.uint32(what)
	if err != nil {
		return e, err
	}
	e.tensor.Type = quant.Type(kind)
	if e.offset, err = p.uint64(what); err != nil {
		return e, err
	}
	return e, p.measure(&e, shape, what)
}

// measure sets the entry's shape and size. A tensor larger than the file is
// refused here, which bounds every later product.
func (p *parser) measure(e *entry, shape []uint64, what string) error {
	t := e.tensor.Type
	if !t.GGML() {
		return p.fail("%s has the unknown %v", what, t)
	}
	block, blockBytes := uint64(t.BlockSize()), uint64(t.BlockBytes())
	if shape[0]%block != 0 {
		return p.fail("%s has rows of %d weights, not a whole number of %v blocks of %d", what, shape[0], t, block)
	}
	size := blockBytes
	for d, n := range shape {
		if d == 0 {
			n /= block
		}
		high, low := bits.Mul64(size, n)
		if n == 0 || high != 0 || low > uint64(len(p.data)) {
			return p.fail("%s of shape %v and type %v is empty or larger than the file's %d bytes", what, shape, t, len(p.data))
		}
		size = low
		e.tensor.Shape = append(e.tensor.Shape, int(shape[d]))
	}
	e.size = size
	return nil
}

// locate gives each tensor its data after checking that it is aligned, within
// the file and shared with no other tensor.
func (p *parser) locate(f *File, entries []entry, align int) error {
	start := p.pos + (align-p.pos%align)%align
	if start > len(p.data) && len(entries) > 0 {
		return p.fail("file ends before the tensor data")
	}
	for i := range entries {
		e := &entries[i]
		name := quote.Name(e.tensor.Name)
		if e.offset%uint64(align) != 0 {
			return p.fail("tensor %s starts at offset %d of the data, not a multiple of %d", name, e.offset, align)
		}
		room := uint64(len(p.data) - start)
		if e.offset > room || e.size > room-e.offset {
			return p.fail("tensor %s needs %d bytes at offset %d of the data, the file has %d there: it is cut short or damaged, fetch it again",
				name, e.size, e.offset, room)
		}
		lo, hi := start+int(e.offset), start+int(e.offset+e.size)
		e.tensor.Data = p.data[lo:hi:hi]
		f.tensors = append(f.tensors, e.tensor)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	for i := 1; i < len(entries); i++ {
		if a, b := entries[i-1], entries[i]; a.offset+a.size > b.offset {
			return p.fail("tensors %s and %s overlap", quote.Name(a.tensor.Name), quote.Name(b.tensor.Name))
		}
	}
	return nil
}
