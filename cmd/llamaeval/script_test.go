package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/llamaeval/llamaeval/internal/objects"
	"github.com/llamaeval/llamaeval/internal/s3test"
	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/runner/sandbox"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

func TestMain(m *testing.M) {
	sandbox.Reexec()
	testscript.Main(m, map[string]func(){"llamaeval": main})
}

// Each script in testdata/script is a session with the program: commands,
// what they print, the files they leave. They run on a small random model and
// an empty cache.
func TestScripts(t *testing.T) { scripts(t, "script") }

// The same with a real object store.
func TestStoreScripts(t *testing.T) {
	bucket := s3test.Start(t)
	t.Setenv("BUCKET", bucket)
	scripts(t, "store", "BUCKET", "AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_EC2_METADATA_DISABLED", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
	p, err := objects.Parse(bucket)
	if err != nil {
		t.Fatal(err)
	}
	for o, err := range p.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		data, err := p.Read(t.Context(), o.Name)
		if err != nil || bytes.Contains(data, []byte(s3test.Secret)) || bytes.Contains(data, []byte(s3test.KeyID)) {
			t.Errorf("%s holds credentials, or cannot be read: %v", o.Name, err)
		}
	}
}

// scripts runs the scripts of a folder, which see some of this process's
// variables.
func scripts(t *testing.T, folder string, variables ...string) {
	dir := t.TempDir()
	model, noChat := filepath.Join(dir, "tiny.gguf"), filepath.Join(dir, "no-chat.gguf")
	other, quantised := filepath.Join(dir, "other.gguf"), filepath.Join(dir, "q4.gguf")
	words := filepath.Join(dir, "words.gguf")
	named := map[string]any{"general.name": "tiny"}
	for path, o := range map[string]tinymodel.Options{
		model:     {Seed: 1, Metadata: named},
		noChat:    {Seed: 1, Metadata: map[string]any{"general.name": "tiny", "tokenizer.chat_template": ""}},
		other:     {Seed: 2, Metadata: map[string]any{"general.name": "other"}},
		quantised: {Seed: 1, Type: quant.Q4_0, Metadata: named},
		words:     {Seed: 1, Tokens: map[int]string{tinymodel.EndOfText: "<|end|>"}},
	} {
		o.Context = 4096
		if err := tinymodel.Write(path, o); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", folder),
		UpdateScripts: *update,
		Cmds:          map[string]func(*testscript.TestScript, bool, []string){"code": wantCode},
		Setup: func(env *testscript.Env) error {
			env.Setenv("LLAMAEVAL_MODEL", model)
			env.Setenv("NO_CHAT_MODEL", noChat)
			env.Setenv("OTHER_MODEL", other)
			env.Setenv("Q4_MODEL", quantised)
			env.Setenv("OTHER_VOCABULARY", words)
			env.Setenv("LLAMAEVAL_CACHE", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("HF_HUB_OFFLINE", "1")
			var many strings.Builder
			for i := range 400 {
				fmt.Fprintf(&many, `{"q": "What is %d times %d?", "a": "%d", "b": "%d"}`+"\n", i, i+3, i*(i+3), i*i)
			}
			if err := os.WriteFile(filepath.Join(env.WorkDir, "many.jsonl"), []byte(many.String()), 0o644); err != nil {
				return err
			}
			for _, name := range append(variables, "PATH") {
				env.Setenv(name, os.Getenv(name))
			}
			return nil
		},
	})
}

// wantCode is the script command `code N COMMAND...`: the command must exit
// with N.
func wantCode(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}
