// Package faultdisk is a layer of files for tests that fails when it is told
// to, and that knows what a power cut may leave of all that was written.
//
// What passes through it reaches the real disk, where the program reads it.
// Beside that it keeps what is durable: the bytes of a file that were synced,
// the names of a folder that was. All else is pending, and Image draws which
// of it a cut leaves, sector by sector and in any order.
package faultdisk

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/llamaeval/llamaeval/internal/durable"
)

// ErrCut is what everything returns after a power cut.
var ErrCut = errors.New("the power is cut")

// A Disk is one such layer, over the files below Root.
type Disk struct {
	// Fault is asked before each operation, counted from 0; what it returns
	// is the operation's error. ErrCut ends all operations.
	Fault func(n int, what, path string) error

	root string
	real durable.Layer

	mu    sync.Mutex
	n     int
	cut   bool
	names map[string]*inode // as a running system sees them
	safe  map[string]*inode // as they are on the disk
	moves []move            // of names, since their folders were synced
}

// New returns a disk that holds what lies below root, all of it durable, and
// the real layer below it.
func New(root string, real durable.Layer) (*Disk, error) {
	d := &Disk{root: root, real: real, names: map[string]*inode{}, safe: map[string]*inode{}}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		i := &inode{folder: e.IsDir()}
		if !i.folder {
			if i.safe, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		d.names[path], d.safe[path] = i, i
		return nil
	})
	return d, err
}

// Operations returns how many there were.
func (d *Disk) Operations() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.n
}

// begin counts an operation and asks for its error. The lock is held on
// return; end gives it free.
func (d *Disk) begin(what, path string) error {
	d.mu.Lock()
	if d.cut {
		return ErrCut
	}
	n := d.n
	d.n++
	if d.Fault == nil {
		return nil
	}
	err := d.Fault(n, what, path)
	d.cut = errors.Is(err, ErrCut)
	return err
}

func (d *Disk) end() { d.mu.Unlock() }

// ours reports whether a path lies below the root; others pass through.
func (d *Disk) ours(path string) bool {
	return strings.HasPrefix(path, d.root+string(filepath.Separator))
}

func (d *Disk) OpenFile(name string, flag int, perm fs.FileMode) (durable.File, error) {
	return d.open("open", name, func() (durable.File, error) { return d.real.OpenFile(name, flag, perm) })
}

func (d *Disk) CreateTemp(dir, pattern string) (durable.File, error) {
	return d.open("create", filepath.Join(dir, pattern), func() (durable.File, error) { return d.real.CreateTemp(dir, pattern) })
}

func (d *Disk) open(what, path string, open func() (durable.File, error)) (durable.File, error) {
	err := d.begin(what, path)
	defer d.end()
	if err != nil {
		return nil, err
	}
	f, err := open()
	if err != nil || !d.ours(f.Name()) {
		return f, err
	}
	i := d.names[f.Name()]
	if i == nil {
		i = &inode{}
		d.bind(move{to: f.Name(), inode: i})
	}
	return &file{File: f, disk: d, inode: i}, nil
}

func (d *Disk) Mkdir(name string, perm fs.FileMode) error {
	err := d.begin("mkdir", name)
	defer d.end()
	if err != nil {
		return err
	}
	if err := d.real.Mkdir(name, perm); err != nil || !d.ours(name) {
		return err
	}
	d.bind(move{to: name, inode: &inode{folder: true}})
	return nil
}

func (d *Disk) Rename(from, to string) error {
	err := d.begin("rename", to)
	defer d.end()
	if err != nil && !errors.Is(err, ErrCut) {
		return err
	}
	if d.ours(to) && (err == nil || d.names[from] != nil) {
		d.bind(move{from: from, to: to, inode: d.names[from]}) // a cut may come just behind it
	}
	if err != nil {
		return err
	}
	return d.real.Rename(from, to)
}

func (d *Disk) Remove(name string) error {
	err := d.begin("remove", name)
	defer d.end()
	if err != nil {
		return err
	}
	if err := d.real.Remove(name); err != nil || !d.ours(name) {
		return err
	}
	d.bind(move{from: name})
	return nil
}

func (d *Disk) SyncDir(dir string) error {
	err := d.begin("syncdir", dir)
	defer d.end()
	if err != nil {
		return err
	}
	left := d.moves[:0]
	for _, m := range d.moves {
		if filepath.Dir(m.name()) == filepath.Clean(dir) {
			m.apply(d.safe)
		} else {
			left = append(left, m)
		}
	}
	d.moves = left
	return d.real.SyncDir(dir)
}

// bind changes a name, durably once its folder is synced.
func (d *Disk) bind(m move) {
	m.apply(d.names)
	d.moves = append(d.moves, m)
}

// A move is one change of names: to comes, from goes.
type move struct {
	from, to string // empty: none
	inode    *inode
}

// name is the one whose folder makes the move durable.
func (m move) name() string { return cmp.Or(m.to, m.from) }

func (m move) apply(names map[string]*inode) {
	if m.from != "" {
		delete(names, m.from)
	}
	if m.to != "" {
		names[m.to] = m.inode
	}
}

// A file is an open one.
type file struct {
	durable.File
	disk  *Disk
	inode *inode
	at    int64 // of Write
}

func (f *file) Write(p []byte) (int, error) {
	n, err := f.WriteAt(p, f.at)
	f.at += int64(n)
	return n, err
}

// WriteAt writes half of what it should when it is to fail, as a full disk
// does; what a cut leaves of it is drawn later.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	err := f.disk.begin("write", f.Name())
	defer f.disk.end()
	if errors.Is(err, ErrCut) {
		f.inode.write(p, off)
		return 0, err
	}
	if err != nil {
		p = p[:len(p)/2]
	}
	f.inode.write(p, off)
	n, werr := f.File.WriteAt(p, off)
	return n, errors.Join(err, werr)
}

func (f *file) Truncate(size int64) error {
	err := f.disk.begin("truncate", f.Name())
	defer f.disk.end()
	if err != nil {
		return err
	}
	f.inode.pending = append(f.inode.pending, change{at: size, cut: true})
	return f.File.Truncate(size)
}

// Sync makes the file durable. When it fails, what was pending never will be:
// systems drop the pages that they could not write.
func (f *file) Sync() error {
	err := f.disk.begin("sync", f.Name())
	defer f.disk.end()
	if err != nil {
		if !errors.Is(err, ErrCut) {
			f.inode.pending = nil
		}
		return err
	}
	f.inode.sync()
	return f.File.Sync()
}

func (f *file) Close() error {
	err := f.disk.begin("close", f.Name())
	defer f.disk.end()
	return errors.Join(err, f.File.Close())
}
