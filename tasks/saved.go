package tasks

import (
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// What the index knows of a large folder is kept in a file, so that a run of
// one task reads that task's files and not fourteen thousand. What is kept of
// a file counts for as long as its size and time, and those of all it
// includes, stay the same.

const (
	savedFormat = 1
	savedFrom   = 500 // files; a smaller folder is read as quickly
	maxSaved    = 64 << 20
	// settled is how old a file must be before what was read of it is kept:
	// a later change would show in its time, however coarse the clock.
	settled = 2 * time.Second
)

// savedIndex is the file's content.
type savedIndex struct {
	Format int
	Parts  []stamp // files that others include, each once
	Files  []savedFile
}

// stamp tells one version of a file from another.
type stamp struct {
	Name string // of a part with its whole path, else below the folder
	Size int64
	Time int64 // modification, Unix nanoseconds
}

// savedFile is one file and its entry; Name is "" for one without a task or
// group.
type savedFile struct {
	Stamp               stamp
	Parts               []int32 // indexes into savedIndex.Parts
	Group               bool
	Name                string
	Tags                []string
	OutputType, Dataset string
	Shots               int
}

func (s savedFile) entry(src *source) *entry {
	if s.Name == "" {
		return nil
	}
	return &entry{src: src, group: s.Group, name: s.Name, tags: s.Tags, outputType: s.OutputType, dataset: s.Dataset, shots: s.Shots}
}

func stampOf(name string, info fs.FileInfo) stamp {
	return stamp{name, info.Size(), info.ModTime().UnixNano()}
}

func (s stamp) settled(now time.Time) bool { return s.Time < now.Add(-settled).UnixNano() }

// catalog is what is kept of one folder.
type catalog struct {
	path   string // "" keeps nothing
	folder string // as the names of its sources begin
	known  map[string]savedFile
	parts  []stamp
	fresh  []bool // of the parts: unchanged
}

// openCatalog reads what is kept in dir of a folder with that many files. A
// file that cannot be read is the same as none: it only saves time.
func openCatalog(dir, folder string, files int) *catalog {
	c := &catalog{folder: filepath.Clean(folder), known: map[string]savedFile{}}
	absolute, err := filepath.Abs(folder)
	if dir == "" || files < savedFrom || err != nil {
		return c
	}
	sum := sha256.Sum256([]byte(absolute))
	c.path = filepath.Join(dir, hex.EncodeToString(sum[:8])+".index")
	saved, ok := readSaved(c.path)
	if !ok {
		return c
	}
	c.parts, c.fresh = saved.Parts, make([]bool, len(saved.Parts))
	for i, p := range saved.Parts {
		info, err := os.Stat(p.Name)
		c.fresh[i] = err == nil && stampOf(p.Name, info) == p
	}
	for _, f := range saved.Files {
		c.known[f.Stamp.Name] = f
	}
	return c
}

// below is a file's name within the folder.
func (c *catalog) below(src *source) string { return strings.TrimPrefix(src.name, c.folder) }

func readSaved(path string) (saved savedIndex, ok bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxSaved {
		return saved, false
	}
	f, err := os.Open(path)
	if err != nil {
		return saved, false
	}
	defer f.Close()
	err = gob.NewDecoder(f).Decode(&saved)
	return saved, err == nil && saved.Format == savedFormat
}

// find completes a file that has not changed from what is kept of it. It is
// safe for concurrent use.
func (c *catalog) find(s *scanned) bool {
	if c == nil {
		return false
	}
	f, ok := c.known[c.below(s.src)]
	if !ok || f.Stamp != stampOf(f.Stamp.Name, s.info) {
		return false
	}
	for _, p := range f.Parts {
		if p < 0 || int(p) >= len(c.fresh) || !c.fresh[p] {
			return false
		}
	}
	for _, p := range f.Parts {
		s.parts = append(s.parts, source{c.parts[p].Name, false})
	}
	s.entry = f.entry(s.src)
	return true
}

// save keeps what is known of a folder now, if it is more or less than before
// or something was read anew. A failure only costs time later.
func (c *catalog) save(all []scanned) {
	if c.path == "" {
		return
	}
	saved, anew := c.build(all, time.Now())
	if !anew && len(saved.Files) == len(c.known) || os.MkdirAll(filepath.Dir(c.path), 0o755) != nil {
		return
	}
	f, err := os.CreateTemp(filepath.Dir(c.path), ".index-*")
	if err != nil {
		return
	}
	err = gob.NewEncoder(f).Encode(saved)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), c.path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
}

// build leaves out files that are in error, changed a moment ago, or include
// one of our own, which another version of the program may change.
func (c *catalog) build(all []scanned, now time.Time) (out savedIndex, anew bool) {
	out.Format = savedFormat
	at := map[source]int32{}
	for _, s := range all {
		f := savedFile{Stamp: stampOf(c.below(s.src), s.info)}
		for _, p := range s.parts {
			i, ok := at[p]
			if !ok {
				i = out.part(p, now)
				at[p] = i
			}
			f.Parts = append(f.Parts, i)
		}
		if s.err != nil || !f.Stamp.settled(now) || slices.Contains(f.Parts, -1) {
			continue
		}
		if e := s.entry; e != nil {
			f.Group, f.Name, f.Tags, f.OutputType, f.Dataset, f.Shots = e.group, e.name, e.tags, e.outputType, e.dataset, e.shots
		}
		out.Files = append(out.Files, f)
		anew = anew || s.read
	}
	return out, anew
}

// part enters an included file and returns its index, -1 if it cannot be kept.
func (x *savedIndex) part(src source, now time.Time) int32 {
	name, err := filepath.Abs(src.name)
	if err != nil || src.builtin {
		return -1
	}
	info, err := os.Stat(name)
	if err != nil || !stampOf(name, info).settled(now) {
		return -1
	}
	x.Parts = append(x.Parts, stampOf(name, info))
	return int32(len(x.Parts) - 1)
}
