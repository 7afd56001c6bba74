package safetensors

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"slices"

	"github.com/llamaeval/llamaeval/internal/quote"
)

const (
	maxHeader = 100_000_000 // bytes, the limit of the format's own library
	maxDims   = 8
)

// dtypeBits are the bits of an element.
var dtypeBits = map[string]int{
	"F64": 64, "F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "F8_E5M2": 8,
	"I64": 64, "I32": 32, "I16": 16, "I8": 8, "U64": 64, "U32": 32, "U16": 16, "U8": 8, "BOOL": 8,
}

// entry is a tensor as the header describes it.
type entry struct {
	name    string
	DType   string    `json:"dtype"`
	Shape   []uint64  `json:"shape"`
	Offsets [2]uint64 `json:"data_offsets"`
}

// Parse reads the tensors of one file held in memory; name is used in errors.
func Parse(name string, data []byte) ([]Tensor, error) {
	fail := func(format string, args ...any) ([]Tensor, error) {
		return nil, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...))
	}
	if len(data) < 8 {
		return fail("is not a safetensors checkpoint: %d bytes", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > maxHeader || n > uint64(len(data)-8) || n < 2 || data[8] != '{' {
		return fail("is not a safetensors checkpoint, or is cut short: a header of %d bytes in a file of %d", n, len(data))
	}
	entries, err := header(data[8 : 8+n])
	if err != nil {
		return fail("header: %v", err)
	}
	body := data[8+n:]
	tensors := make([]Tensor, 0, len(entries))
	for _, e := range entries {
		t, err := e.tensor(body)
		if err != nil {
			return fail("tensor %s: %v", quote.Name(e.name), err)
		}
		tensors = append(tensors, t)
	}
	if err := gapless(entries, uint64(len(body))); err != nil {
		return fail("%v", err)
	}
	return tensors, nil
}

// header reads the entries in order. Names that occur twice are refused, as
// readers would disagree on which counts.
func header(text []byte) ([]entry, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil { // the opening brace
		return nil, err
	}
	var entries []entry
	seen := map[string]bool{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, ok := key.(string)
		if !ok || seen[name] {
			return nil, fmt.Errorf("name %s occurs twice", quote.Name(fmt.Sprint(key)))
		}
		seen[name] = true
		if name == "__metadata__" {
			var notes map[string]string
			if err := d.Decode(&notes); err != nil {
				return nil, quote.Error(err)
			}
			continue
		}
		e := entry{name: name}
		if err := d.Decode(&e); err != nil {
			return nil, fmt.Errorf("tensor %s: %w", quote.Name(name), quote.Error(err))
		}
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if rest := bytes.Trim(text[d.InputOffset():], " \x00"); len(rest) > 0 {
		return nil, fmt.Errorf("%d bytes follow the JSON object", len(rest))
	}
	return entries, nil
}

// tensor finds the entry's data after checking that shape, type and offsets
// agree.
func (e entry) tensor(body []byte) (Tensor, error) {
	width, ok := dtypeBits[e.DType]
	if !ok {
		return Tensor{}, fmt.Errorf("has the unknown type %.20q", e.DType)
	}
	if len(e.Shape) > maxDims {
		return Tensor{}, fmt.Errorf("has %d dimensions, more than %d", len(e.Shape), maxDims)
	}
	t := Tensor{Name: e.name, DType: e.DType, Shape: make([]int, len(e.Shape))}
	size := uint64(width / 8)
	for i, n := range e.Shape {
		high, low := bits.Mul64(size, n)
		if high != 0 || low > uint64(len(body)) {
			return t, fmt.Errorf("of shape %v is larger than the file's %d bytes of data: it is cut short or damaged", e.Shape, len(body))
		}
		size, t.Shape[i] = low, int(min(n, uint64(len(body))))
		if n != uint64(t.Shape[i]) { // beside a dimension of 0
			return t, fmt.Errorf("of shape %v is empty", e.Shape)
		}
	}
	from, to := e.Offsets[0], e.Offsets[1]
	if from > to || to-from != size {
		return t, fmt.Errorf("has the offsets %d to %d, want %d bytes", from, to, size)
	}
	if to > uint64(len(body)) {
		return t, fmt.Errorf("ends at byte %d of the data, the file has %d: it is cut short or damaged; fetch it again", to, len(body))
	}
	t.Data = body[from:to:to]
	return t, nil
}

// gapless checks that tensors neither overlap nor leave bytes out, which the
// format forbids.
func gapless(entries []entry, size uint64) error {
	sorted := slices.Clone(entries)
	slices.SortStableFunc(sorted, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.Offsets[0], b.Offsets[0]), cmp.Compare(a.Offsets[1], b.Offsets[1]))
	})
	end := uint64(0)
	for _, e := range sorted {
		if e.Offsets[0] != end {
			return fmt.Errorf("tensor %s starts at byte %d of the data, the one before it ends at %d: they overlap or leave a gap", quote.Name(e.name), e.Offsets[0], end)
		}
		end = e.Offsets[1]
	}
	if end != size {
		return fmt.Errorf("the tensors take %d bytes, the file has %d: it is cut short or damaged, fetch it again", end, size)
	}
	return nil
}
