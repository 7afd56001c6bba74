package dataset

import (
	"context"
	"errors"
	"os"

	"github.com/llamaeval/llamaeval/tasks/hub"
)

// Entry is a split that is at hand without a network.
type Entry = hub.Entry

// Check is what Verify found out about one file of the cache.
type Check = hub.Check

// At returns what is at hand of a split under the dataset's full name and
// configuration. A hub's split that would have to be fetched has no files;
// with an offline store nothing is asked over a network.
func (s *Store) At(ctx context.Context, ref Ref, split string) (Entry, error) {
	e := Entry{Repo: canonical(ref.Path), Config: ref.Config, Split: split}
	if local, ok, err := localFiles(ref); ok || err != nil {
		if err != nil {
			return e, err
		}
		paths, err := local.files(split)
		if err != nil {
			return e, err
		}
		return e, measure(&e, paths)
	}
	repo, config, err := s.resolve(ctx, ref)
	if err != nil {
		return e, unlessMissing(err)
	}
	have, err := s.from.have(ctx, repo, config, split)
	have.Repo, have.Config, have.Split = repo, config, split
	return have, unlessMissing(err)
}

// unlessMissing drops the error that data is not at hand.
func unlessMissing(err error) error {
	var missing *MissingError
	if errors.As(err, &missing) {
		return nil
	}
	return err
}

// measure counts the files of an entry.
func measure(e *Entry, paths []string) error {
	for _, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			return err
		}
		e.Files++
		e.Bytes += info.Size()
	}
	return nil
}

// Cached returns the hub datasets at hand without a network: the cache, or
// all of a mirror.
func (s *Store) Cached() ([]Entry, error) {
	from, ok := s.from.(interface{ cached() ([]Entry, error) })
	if !ok {
		return nil, errors.New("the embedded samples are part of the program: leave --sample out to list the cache")
	}
	return from.cached()
}

// Verify compares every file of the cache with the hash recorded when it was
// fetched. What does not match is not used any more; it is fetched again when
// it is next asked for.
func (s *Store) Verify(ctx context.Context) ([]Check, error) {
	from, ok := s.from.(remote)
	if !ok {
		return nil, errors.New("only the cache of a hub has recorded hashes to compare with: leave --hub FOLDER (LLAMAEVAL_HUB) and --sample out")
	}
	return from.client.Verify(ctx)
}
