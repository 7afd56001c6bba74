//go:build cuda && linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/llamaeval/llamaeval/internal/tinymodel"
	"github.com/llamaeval/llamaeval/kernels/cuda"
)

// The scripts in testdata/cuda compute on GPUs, which the emulator has two of;
// those with an environment variable of the emulator's say so.
func TestCUDAScripts(t *testing.T) {
	if err := cuda.Available(); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_CUDA") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	model := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := tinymodel.Write(model, tinymodel.Options{Seed: 1, Context: 4096, Metadata: map[string]any{"general.name": "tiny"}}); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:  filepath.Join("testdata", "cuda"),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": wantCode},
		Setup: func(env *testscript.Env) error {
			env.Setenv("LLAMAEVAL_MODEL", model)
			env.Setenv("LLAMAEVAL_CACHE", filepath.Join(env.WorkDir, "cache"))
			env.Setenv("LLAMAEVAL_LIBCUDA", os.Getenv("LLAMAEVAL_LIBCUDA"))
			env.Setenv("HF_HUB_OFFLINE", "1")
			env.Setenv("PATH", os.Getenv("PATH"))
			return nil
		},
		Condition: func(name string) (bool, error) { return name == "emulator" && isEmulator(), nil },
	})
}

func isEmulator() bool {
	all, err := cuda.Devices()
	return err == nil && len(all) > 0 && all[0].Name == "emulator 0"
}
