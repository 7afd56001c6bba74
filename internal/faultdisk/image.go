package faultdisk

import (
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// sector is what a disk writes whole or not at all, in bytes.
const sector = 512

// An inode is a file or a folder, whatever its names.
type inode struct {
	folder  bool
	safe    []byte   // what is on the disk
	pending []change // what only the system's memory has
}

// A change is one write, or one cut to size `at`.
type change struct {
	at   int64
	data []byte
	cut  bool
}

func (i *inode) write(p []byte, off int64) {
	i.pending = append(i.pending, change{at: off, data: slices.Clone(p)})
}

func (i *inode) sync() {
	for _, c := range i.pending {
		i.safe = c.apply(i.safe)
	}
	i.pending = nil
}

func (c change) apply(to []byte) []byte {
	if c.cut && int64(len(to)) >= c.at {
		return to[:c.at:c.at]
	}
	end := c.at + int64(len(c.data))
	if grow := end - int64(len(to)); grow > 0 {
		to = append(slices.Clip(to), make([]byte, grow)...)
	}
	copy(to[c.at:], c.data)
	return to
}

// after draws what a cut leaves of the file: each pending change whole, in
// part or not at all, and sometimes its size without its bytes.
func (i *inode) after(r *rand.Rand) []byte {
	left := slices.Clone(i.safe)
	for _, c := range i.pending {
		switch r.IntN(4) {
		case 0: // lost
		case 1:
			left = c.apply(left)
		case 2: // its size, no bytes
			left = change{at: c.at, data: make([]byte, len(c.data)), cut: c.cut}.apply(left)
		default:
			for _, part := range c.sectors() {
				if r.IntN(2) == 0 {
					left = part.apply(left)
				}
			}
		}
	}
	return left
}

// sectors parts a write where sectors do.
func (c change) sectors() []change {
	if c.cut {
		return []change{c}
	}
	var out []change
	for at, data := c.at, c.data; len(data) > 0; {
		n := min(len(data), int(sector-at%sector))
		out = append(out, change{at: at, data: data[:n]})
		at, data = at+int64(n), data[n:]
	}
	return out
}

// Image replaces all below the root on the real disk with what a power cut at
// this moment may leave.
func (d *Disk) Image(r *rand.Rand) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	names := maps.Clone(d.safe)
	keep := r.IntN(len(d.moves) + 1)
	inOrder := r.IntN(2) == 0 // as file systems with a journal do
	for i, m := range d.moves {
		if inOrder && i < keep || !inOrder && r.IntN(2) == 0 {
			m.apply(names)
		}
	}
	entries, err := os.ReadDir(d.root)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(d.root, e.Name())); err != nil {
			return err
		}
	}
	// Folders before what they hold; what lost its folder is lost.
	for _, path := range slices.Sorted(maps.Keys(names)) {
		i := names[path]
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			continue
		}
		if i.folder {
			err = os.Mkdir(path, 0o755)
		} else {
			err = os.WriteFile(path, i.after(r), 0o644)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
