package main

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"llamaeval": main})
}

// Each script in testdata/script is a session with the program: commands,
// what they print, the files they leave. They run on a small random model and
// an empty cache.
func TestScripts(t *testing.T) {
	dir := t.TempDir()
	model, noChat := filepath.Join(dir, "tiny.gguf"), filepath.Join(dir, "no-chat.gguf")
	for path, metadata := range map[string]map[string]any{
		model: {"general.name": "tiny"}, noChat: {"general.name": "tiny", "tokenizer.chat_template": ""},
	} {
		if err := tinymodel.Write(path, tinymodel.Options{Seed: 1, Context: 4096, Metadata: metadata}); err != nil {
			t.Fatal(err)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:           filepath.Join("testdata", "script"),
		UpdateScripts: *update,
		Setup: func(env *testscript.Env) error {
			env.Setenv("LLAMAEVAL_MODEL", model)
			env.Setenv("NO_CHAT_MODEL", noChat)
			env.Setenv("LLAMAEVAL_CACHE", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("HF_HUB_OFFLINE", "1")
			env.Setenv("PATH", os.Getenv("PATH"))
			return nil
		},
	})
}
