package runner

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/results"
)

// How often an unfinished run's journal is copied to its object store, and how
// long a run that ends early may take for the last copy.
const (
	checkpointEvery = time.Minute
	lastCheckpoint  = 30 * time.Second
)

// runInStore runs in a folder of the cache, with its lock and journal, and
// uploads the result. The journal is copied beside it from time to time.
func (j *Job) runInStore(ctx context.Context, config results.Config, hash string) (results.Report, error) {
	address := j.Out
	stored, err := results.OpenStored(address)
	if err != nil {
		return results.Report{}, err
	}
	first := j.newRun(config, hash)
	state, run, err := stored.Claim(ctx, first)
	if err != nil {
		return results.Report{}, err
	}
	if state == results.Finished {
		return storedReport(run, address)
	}
	work, err := workFolder(address, hash)
	if err != nil {
		return results.Report{}, err
	}
	if here, _, err := results.Inspect(work, hash); err != nil {
		return results.Report{}, err
	} else if here == results.Empty && state == results.Unfinished {
		if err := stored.Restore(ctx, run, work); err != nil {
			return results.Report{}, err
		}
	}
	j.Out = work
	defer func() { j.Out = address }()
	copied := keepCheckpoints(ctx, stored.NewCheckpoint(work, first.ID))
	_, err = j.runInFolder(ctx, config, hash)
	if err != nil {
		return results.Report{}, errors.Join(err, copied(true))
	}
	if err := copied(false); err != nil {
		return results.Report{}, err
	}
	return publish(ctx, stored, work, address)
}

// publish uploads a finished run from the folder work, which it removes.
func publish(ctx context.Context, stored results.Stored, work, address string) (results.Report, error) {
	if err := stored.Publish(ctx, work); err != nil {
		return results.Report{}, fmt.Errorf("%w: the result is kept in %s, the same command uploads it", err, work)
	}
	if err := os.RemoveAll(work); err != nil {
		return results.Report{}, err
	}
	run, err := results.ReadRun(address)
	if err != nil {
		return results.Report{}, err
	}
	return finishedReport(run, address)
}

// mergeInStore merges in a folder of the cache and uploads the result.
func (j *Job) mergeInStore(run results.Run, shards *Shards, address string) (results.Report, error) {
	ctx := objects.Context()
	stored, err := results.OpenStored(address)
	if err != nil {
		return results.Report{}, err
	}
	state, there, err := stored.Claim(ctx, run)
	if err != nil {
		return results.Report{}, err
	}
	if state == results.Finished {
		return storedReport(there, address)
	}
	work, err := workFolder(address, run.ConfigHash)
	if err != nil {
		return results.Report{}, err
	}
	if _, err := j.mergeInFolder(run, shards, work); err != nil {
		return results.Report{}, err
	}
	return publish(ctx, stored, work, address)
}

// workFolder is where a run of that configuration works whose results belong
// to an address.
func workFolder(address, hash string) (string, error) {
	cache, err := objects.CacheDir()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(results.Clean(address) + "\n" + hash))
	return filepath.Join(cache, "unfinished", hex.EncodeToString(sum[:8])), nil
}

// keepCheckpoints copies a journal until the function that it returns is
// called, which copies once more if asked. An error ends the copying, not the
// run: the journal on this machine is the one that counts.
func keepCheckpoints(ctx context.Context, c *results.Checkpoint) (end func(last bool) error) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(checkpointEvery)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				if c.Save(ctx) != nil {
					return
				}
			}
		}
	}()
	return func(last bool) error {
		close(stop)
		<-stopped
		if !last {
			return nil
		}
		// The run may end because its context has.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastCheckpoint)
		defer cancel()
		return c.Save(ctx)
	}
}
