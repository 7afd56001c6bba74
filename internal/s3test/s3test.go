// Package s3test starts a real S3-compatible server, SeaweedFS, for tests.
package s3test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/llamaeval/llamaeval/internal/sharedtest"
)

// The server's credentials.
const (
	KeyID  = "AKIATESTOFLLAMAEVAL"
	Secret = "a-secret-that-no-message-shows"
	Bucket = "results"
)

// Weed names the variable that holds the path of the server's program, which
// scripts/seaweedfs prints.
const Weed = "LLAMAEVAL_WEED"

var pid int // of the server that runs

const config = `{"identities": [{"name": "test", "credentials": [{"accessKey": %q, "secretKey": %q}],
"actions": ["Admin", "Read", "Write", "List", "Tagging"]}]}`

// Start starts a server with an empty bucket, sets the environment so that
// s3:// means it, and returns the address of the bucket. The server ends with
// the test.
func Start(t testing.TB) string {
	t.Helper()
	program := os.Getenv(Weed)
	if program == "" {
		if os.Getenv(sharedtest.Required) != "" && os.Getenv("LLAMAEVAL_LONG") != "" {
			t.Fatalf("%s is not set", Weed)
		}
		t.Skipf("%s is not set: scripts/seaweedfs builds a server", Weed)
	}
	dir := t.TempDir()
	s3config := filepath.Join(dir, "s3.json")
	if err := os.WriteFile(s3config, fmt.Appendf(nil, config, KeyID, Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	p := ports(t, 8)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "server", "-dir="+dir, "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
		p("master.port"), p("master.port.grpc"), p("volume.port"), p("volume.port.grpc"), p("filer.port"), p("filer.port.grpc"),
		p("s3.port"), p("s3.port.grpc"), "-s3", "-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.config="+s3config,
		"-master.volumeSizeLimitMB=64", "-volume.max=20", "-master.telemetry=false")
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, dir
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid = cmd.Process.Pid
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
		_ = log.Close()
	})
	endpoint := "http://127.0.0.1:" + strings.TrimPrefix(cmd.Args[11], "-s3.port=")
	await(t, endpoint, log.Name())
	for key, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": KeyID, "AWS_SECRET_ACCESS_KEY": Secret, "AWS_REGION": "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(key, value)
	}
	createBucket(t, endpoint)
	return "s3://" + Bucket
}

// CPUTime is what the server used of processors since it was started, 0 where
// the system does not tell.
func CPUTime() time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(stat))
	if err != nil || len(fields) < 15 {
		return 0
	}
	user, err1 := strconv.Atoi(fields[13])
	system, err2 := strconv.Atoi(fields[14])
	if err1 != nil || err2 != nil {
		return 0
	}
	const tick = 10 * time.Millisecond // Linux's, for every architecture
	return time.Duration(user+system) * tick
}

// ports gives flags free ports.
func ports(t testing.TB, n int) func(flag string) string {
	var free []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		free = append(free, l.Addr().(*net.TCPAddr).Port)
	}
	return func(flag string) string {
		port := free[0]
		free = free[1:]
		return fmt.Sprintf("-%s=%d", flag, port)
	}
}

func await(t testing.TB, endpoint, log string) {
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if r, err := http.Get(endpoint); err == nil {
			r.Body.Close()
			return
		}
	}
	text, _ := os.ReadFile(log)
	t.Fatalf("the server does not answer: %s", text)
}

func createBucket(t testing.TB, endpoint string) {
	client, err := minio.New(strings.TrimPrefix(endpoint, "http://"), &minio.Options{
		Creds: credentials.NewStaticV4(KeyID, Secret, ""), Region: "us-east-1", BucketLookup: minio.BucketLookupPath, MaxRetries: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	for range 100 { // its parts find each other a little later
		if err = client.MakeBucket(ctx, Bucket, minio.MakeBucketOptions{}); err == nil || minio.ToErrorResponse(err).Code == "BucketAlreadyOwnedByYou" {
			// The first object waits until there is a volume for it.
			if _, err = client.PutObject(ctx, Bucket, "ready", strings.NewReader("x"), 1, minio.PutObjectOptions{}); err == nil {
				if err = client.RemoveObject(ctx, Bucket, "ready", minio.RemoveObjectOptions{}); err == nil {
					return
				}
			}
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal(err)
}
