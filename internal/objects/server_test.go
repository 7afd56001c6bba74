package objects_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/internal/s3test"
)

func place(t *testing.T, address string) objects.Place {
	t.Helper()
	p, err := objects.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestServer(t *testing.T) {
	bucket := s3test.Start(t)
	testStore(t, bucket)
	testErrors(t, map[string]failing{
		"no bucket":      {"s3://elsewhere/x", nil, "s3://elsewhere/x/y: there is no bucket elsewhere"},
		"no credentials": {"s3://other1/x", []string{"AWS_ACCESS_KEY_ID", "", "AWS_SECRET_ACCESS_KEY", ""}, "no credentials for s3:// in the environment: set AWS_ACCESS_KEY_ID"},
		"wrong secret":   {"s3://other2/x", []string{"AWS_SECRET_ACCESS_KEY", "wrong-secret"}, "the store refuses the credentials (SignatureDoesNotMatch)"},
		"unknown key":    {"s3://other3/x", []string{"AWS_ACCESS_KEY_ID", "AKIAUNKNOWNSECRETS"}, "the store refuses the credentials (InvalidAccessKeyId)"},
		"no server":      {"s3://other4/x", []string{"AWS_ENDPOINT_URL", "http://127.0.0.1:1"}, "the store cannot be reached: dial tcp 127.0.0.1:1: connect: connection refused: check the network and AWS_ENDPOINT_URL"},
		"no endpoint":    {"s3://other5/x", []string{"AWS_ENDPOINT_URL", "http://me:secret@127.0.0.1:1"}, "s3://other5/x: AWS_ENDPOINT_URL is not the address of a server"},
	})
}

// testStore tries what the program needs of a store, on a real server.
func testStore(t *testing.T, bucket string) {
	ctx := context.Background()
	t.Run("one of many writers creates an object", func(t *testing.T) {
		p := place(t, bucket+"/race")
		var created atomic.Int32
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				ok, err := p.Create(ctx, "x", objects.Section([]byte(fmt.Sprint("writer ", i))))
				if err != nil {
					t.Error(err)
				}
				if ok {
					created.Add(1)
				}
			})
		}
		all.Wait()
		if created.Load() != 1 {
			t.Errorf("%d writers created it", created.Load())
		}
		before, err := p.Read(ctx, "x")
		if err != nil {
			t.Fatal(err)
		}
		if ok, err := p.Create(ctx, "x", objects.Section([]byte("late"))); ok || err != nil {
			t.Errorf("created %v, %v", ok, err)
		}
		if after, _ := p.Read(ctx, "x"); !bytes.Equal(before, after) {
			t.Errorf("%s became %s", before, after)
		}
	})
	t.Run("large objects", func(t *testing.T) {
		p := place(t, bucket+"/large")
		data := bytes.Repeat([]byte("0123456789abcdef"), 70<<20/16)
		for i := range 2 {
			if created, err := p.Create(ctx, "x", objects.Section(data)); err != nil || created != (i == 0) {
				t.Fatalf("%v, %v", created, err)
			}
		}
		sum := sha256.Sum256(data)
		path := filepath.Join(t.TempDir(), "copy")
		if err := p.Download(ctx, "x", path, hex.EncodeToString(sum[:])); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%d bytes of %d, %v", len(got), len(data), err)
		}
		if err := p.Download(ctx, "x", path+"2", strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "damaged or was replaced") {
			t.Error(err)
		}
		if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
			t.Errorf("left are %v", left)
		}
	})
	t.Run("listing", func(t *testing.T) {
		p := place(t, bucket+"/many")
		const n = 1203 // a page has 1000
		var all sync.WaitGroup
		for w := range 8 {
			all.Go(func() {
				for i := w; i < n; i += 8 {
					if err := p.Put(ctx, fmt.Sprintf("run-%05d/run.json", i), []byte("{}")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		count, last := 0, ""
		for o, err := range p.List(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			if o.Name <= last || o.Size != 2 || o.Version == "" {
				t.Fatalf("%+v after %s", o, last)
			}
			count, last = count+1, o.Name
		}
		if count != n {
			t.Errorf("%d objects", count)
		}
		if err := errors.Join(p.Delete(ctx, "run-00000/run.json"), p.Delete(ctx, "run-00000/run.json")); err != nil {
			t.Error(err)
		}
		if _, err := p.Read(ctx, "run-00000/run.json"); !errors.Is(err, fs.ErrNotExist) {
			t.Error(err)
		}
	})
}

// failing is a read that ends with an error.
type failing struct {
	address string // of a bucket that was not opened before: the environment is read once for each
	env     []string
	want    string
}

// testErrors holds messages to one line that says no secret.
func testErrors(t *testing.T, cases map[string]failing) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			for i := 0; i < len(c.env); i += 2 {
				t.Setenv(c.env[i], c.env[i+1])
			}
			_, err := place(t, c.address).Read(context.Background(), "y")
			if err == nil {
				t.Fatal("no error")
			}
			m := err.Error()
			for _, text := range []string{"secret", "SECRETS", s3test.KeyID, azureKey} {
				if strings.Contains(m, text) {
					t.Errorf("%s: holds %s", m, text)
				}
			}
			if !strings.Contains(m, c.want) || strings.Contains(m, "\n") {
				t.Error(m)
			}
		})
	}
}
