package results

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/internal/objects"
)

// claimFile is what a run leaves in an object store while it is unfinished:
// its run.json as it began. It keeps other configurations out.
const claimFile = ".claim"

// checkpoints holds copies of journals, a folder for each writer, cut into
// parts that are named by their offsets.
const checkpoints = ".journal"

// A Stored is a results folder in an object store.
type Stored struct {
	place objects.Place
}

// OpenStored parses the address of a results folder.
func OpenStored(address string) (Stored, error) {
	p, err := objects.Parse(address)
	return Stored{p}, err
}

// Claim says what lies at the address for a run of that configuration, as
// Inspect does, and leaves a claim where nothing does: of two configurations
// that come at the same time one is refused. The Run is the finished one, or
// the one that holds the claim, which may be first.
func (s Stored) Claim(ctx context.Context, first Run) (State, Run, error) {
	for range 10 { // others come and go between two looks
		state, run, err := s.inspect(ctx, first.ConfigHash)
		if err != nil || state != Empty {
			return state, run, err
		}
		data, err := json.Marshal(first)
		if err != nil {
			return Other, Run{}, err
		}
		created, err := s.place.Create(ctx, claimFile, objects.Section(data))
		if err != nil {
			return Other, Run{}, err
		}
		if created {
			return Empty, first, nil
		}
	}
	return Other, Run{}, fmt.Errorf("%s changes all the time: give another --out", s.place)
}

func (s Stored) inspect(ctx context.Context, configHash string) (State, Run, error) {
	for _, name := range []string{RunFile, claimFile} {
		data, err := s.place.Read(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Other, Run{}, err
		}
		run, err := ParseRun(s.place.Child(name).String(), data)
		switch {
		case err != nil:
			return Other, Run{}, fmt.Errorf("%w: give another --out", err)
		case run.ConfigHash != configHash:
			return Other, run, fmt.Errorf("%s holds a run of another configuration (%s; started %s): give another --out, or remove what is there",
				s.place, describe(run.Config), run.Started.Format(time.DateTime))
		case name == RunFile:
			return Finished, run, nil
		}
		return Unfinished, run, nil
	}
	for o, err := range s.place.List(ctx) {
		if err != nil {
			return Other, Run{}, err
		}
		if !strings.HasPrefix(o.Name, checkpoints+"/") && o.Name != claimFile {
			return Other, Run{}, fmt.Errorf("%s holds other objects (%s) and no run: give another --out", s.place, o.Name)
		}
	}
	return Empty, Run{}, nil
}

// Restore puts an unfinished run into the folder dir, which must not be there:
// run.json, and the longest of the stored journals.
func (s Stored) Restore(ctx context.Context, run Run, dir string) (err error) {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	temp, err := os.MkdirTemp(filepath.Dir(dir), ".tmp-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if err := WriteRun(temp, run); err != nil {
		return err
	}
	if err := s.restoreJournal(ctx, filepath.Join(temp, JournalFile)); err != nil {
		return err
	}
	return os.Rename(temp, dir)
}

// Publish uploads the finished run in dir, run.json last, and removes what was
// there of the unfinished one. Where another process has published the same
// configuration first, that one's result stays; its Parquet files are the same.
func (s Stored) Publish(ctx context.Context, dir string) error {
	run, err := ReadRun(dir)
	if err != nil {
		return err
	}
	for _, name := range []string{SamplesFile, ScoresFile} {
		created, err := s.create(ctx, dir, name)
		if err == nil && !created {
			err = s.same(ctx, name, run.Files[name])
		}
		if err != nil {
			return err
		}
	}
	if _, err := s.create(ctx, dir, RunFile); err != nil {
		return err
	}
	return s.clear(ctx)
}

func (s Stored) create(ctx context.Context, dir, name string) (created bool, err error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	return s.place.Create(ctx, name, io.NewSectionReader(f, 0, info.Size()))
}

// same compares an object with the SHA-256 that it should have.
func (s Stored) same(ctx context.Context, name, sha string) error {
	temp, err := os.MkdirTemp("", "llamaeval-*")
	if err != nil {
		return err
	}
	return errors.Join(s.place.Download(ctx, name, filepath.Join(temp, name), sha), os.RemoveAll(temp))
}

// clear removes claim and journals.
func (s Stored) clear(ctx context.Context) error {
	for o, err := range s.place.List(ctx) {
		if err != nil {
			return err
		}
		if strings.HasPrefix(o.Name, checkpoints+"/") || o.Name == claimFile {
			if err := s.place.Delete(ctx, o.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
