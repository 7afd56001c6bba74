package gguf

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// partName is how llama.cpp's gguf-split names the parts of a checkpoint,
// counted from 1.
var partName = regexp.MustCompile(`^(.*)-([0-9]{5})-of-([0-9]{5})\.gguf$`)

// PartNames returns the names of all parts of the split checkpoint that path
// is one of, or nil if it is not named like one.
func PartNames(path string) []string {
	m := partName.FindStringSubmatch(path)
	if m == nil {
		return nil
	}
	count, err := strconv.Atoi(m[3])
	if part, _ := strconv.Atoi(m[2]); err != nil || part < 1 || part > count {
		return nil
	}
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("%s-%05d-of-%05d.gguf", m[1], i+1, count)
	}
	return names
}

// splitCount is how many files the checkpoint consists of.
func (f *File) splitCount() int {
	n, ok := f.Uint("split.count")
	if !ok || n < 1 {
		return 1
	}
	return int(min(n, math.MaxUint16))
}

// openParts opens the parts beside path as one file: the metadata are those of
// the first, the tensors those of all.
func openParts(path string, count int) (_ *File, err error) {
	names := PartNames(path)
	if len(names) != count {
		return nil, fmt.Errorf("%s: is one of %d parts of a split checkpoint, but not named so (want NAME-00001-of-%05d.gguf)", path, count, count)
	}
	var parts []*File
	defer func() {
		if err != nil {
			for _, p := range parts {
				p.Close()
			}
		}
	}()
	for i, name := range names {
		p, err := openPart(name)
		if err != nil {
			return nil, fmt.Errorf("part %d of %d: %w", i+1, count, err)
		}
		parts = append(parts, p)
		if no, ok := p.Uint("split.no"); !ok || no != uint64(i) || p.splitCount() != count {
			return nil, fmt.Errorf("%s: says that it is part %d of %d, its name says %d of %d", name, no+1, p.splitCount(), i+1, count)
		}
	}
	return join(parts)
}

// join makes the parts one file, to which they belong from then on.
func join(parts []*File) (*File, error) {
	f := parts[0]
	for _, p := range parts[1:] {
		for _, t := range p.tensors {
			if _, twice := f.byName[t.Name]; twice {
				return nil, fmt.Errorf("%s: tensor %s is in another part, too", p.Path, quote.Name(t.Name))
			}
			f.byName[t.Name] = len(f.tensors)
			f.tensors = append(f.tensors, t)
		}
		f.paths = append(f.paths, p.Path)
	}
	if n, ok := f.Uint("split.tensors.count"); ok && n != uint64(len(f.tensors)) {
		return nil, fmt.Errorf("%s: the parts hold %d tensors, want %d", f.Path, len(f.tensors), n)
	}
	for _, p := range parts[1:] {
		f.files.Take(&p.files)
	}
	return f, nil
}
