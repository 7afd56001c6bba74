package sandbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
)

// wasmSlowness is how much longer a program may take in WebAssembly: Python's
// loops are that much slower there.
const wasmSlowness = 10

// wasmPage is WebAssembly's unit of memory, in bytes.
const wasmPage = 64 << 10

// Wasm runs programs in CPython compiled to WebAssembly, on any system. What
// runs there has no files but Python's library, no network and no processes;
// time and memory are limited.
type Wasm struct {
	Path   string // python.wasm, or a folder with it and lib/python3.*
	Memory int64  // bytes for each side of a program, 0 for DefaultMemory
	Cache  string // folder for compiled code, "" for none

	file, library string // library: the folder with lib, "" where it is built in
	hash          string
	slots         chan struct{}

	once     sync.Once
	setUp    error
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	cache    wazero.CompilationCache
}

// NewWasm finds the interpreter that path names.
func NewWasm(path, cache string) (*Wasm, error) {
	w := &Wasm{Path: path, Cache: cache, file: path, slots: make(chan struct{}, runtime.NumCPU())}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("--sandbox wasm: %w: give python.wasm, CPython's WASI build, or the folder that holds it", err)
	}
	if info.IsDir() {
		if w.file, err = wasmIn(path); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{filepath.Dir(w.file), filepath.Dir(filepath.Dir(w.file))} {
		if found, _ := filepath.Glob(filepath.Join(dir, "lib", "python3*")); len(found) > 0 {
			w.library = dir
			break
		}
	}
	binary, err := os.ReadFile(w.file)
	if err != nil {
		return nil, fmt.Errorf("--sandbox wasm: %w", err)
	}
	if len(binary) < 8 || string(binary[:4]) != "\x00asm" {
		return nil, fmt.Errorf("--sandbox wasm: %s is no WebAssembly: give CPython's WASI build", w.file)
	}
	w.hash = fmt.Sprintf("%x", sha256.Sum256(binary))
	return w, nil
}

func wasmIn(dir string) (string, error) {
	for _, name := range []string{"python.wasm", "bin/python.wasm", "bin/python3*.wasm", "python*.wasm"} {
		if found, _ := filepath.Glob(filepath.Join(dir, name)); len(found) > 0 {
			return found[0], nil
		}
	}
	return "", fmt.Errorf("--sandbox wasm: %s holds no python.wasm: give CPython's WASI build", dir)
}

// Kind names this sandbox in a run's configuration: the interpreter is part
// of it.
func (w *Wasm) Kind() string { return "wasm:" + w.hash[:12] }

// Check runs two programs.
func (w *Wasm) Check(ctx context.Context) error { return check(ctx, w) }

// Close forgets the compiled interpreter.
func (w *Wasm) Close() error {
	var err error
	if w.runtime != nil {
		err = w.runtime.Close(context.Background())
	}
	if w.cache != nil {
		err = errors.Join(err, w.cache.Close(context.Background()))
	}
	return err
}

// prepare compiles the interpreter, which takes seconds where the cache does
// not have it.
func (w *Wasm) prepare(ctx context.Context) error {
	binary, err := os.ReadFile(w.file)
	if err != nil {
		return err
	}
	memory := w.Memory
	if memory <= 0 {
		memory = DefaultMemory
	}
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithDebugInfoEnabled(false).WithMemoryLimitPages(uint32(min(memory/wasmPage, 1<<16)))
	if w.Cache != "" {
		if w.cache, err = wazero.NewCompilationCacheWithDir(w.Cache); err != nil {
			return err
		}
		config = config.WithCompilationCache(w.cache)
	}
	w.runtime = wazero.NewRuntimeWithConfig(ctx, config)
	if err := instantiateWASI(ctx, w.runtime); err != nil {
		return err
	}
	w.compiled, err = w.runtime.CompileModule(ctx, binary)
	return err
}

// Run executes program and its tests; see Sandbox. The limit on time is ten
// times as long as asked.
func (w *Wasm) Run(ctx context.Context, program, tests string, timeout time.Duration) (passed bool, detail string, err error) {
	if err := ctx.Err(); err != nil {
		return false, "", err
	}
	w.once.Do(func() { w.setUp = w.prepare(context.WithoutCancel(ctx)) })
	if w.setUp != nil {
		return false, "", fmt.Errorf("sandbox: %s: %w", w.file, w.setUp)
	}
	select {
	case w.slots <- struct{}{}:
		defer func() { <-w.slots }()
	case <-ctx.Done():
		return false, "", ctx.Err()
	}
	return w.pair(ctx, program, tests, timeout*wasmSlowness).judge()
}

// pair runs both sides, connected by pipes, and follows the tests' report.
func (w *Wasm) pair(ctx context.Context, program, tests string, timeout time.Duration) outcome {
	inner, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	toProgram, fromTests := io.Pipe()
	toTests, fromProgram := io.Pipe()
	report, reportEnd := io.Pipe()
	end := func() {
		cancel()
		for _, p := range []*io.PipeReader{toProgram, toTests} {
			p.Close()
		}
		fromTests.Close()
		fromProgram.Close()
	}
	var sides sync.WaitGroup
	sides.Go(func() {
		w.side(inner, "program", program, toProgram, fromProgram, io.Discard)
		fromProgram.Close()
		toProgram.Close()
	})
	sides.Go(func() {
		w.side(inner, "tests", tests, toTests, fromTests, reportEnd)
		reportEnd.Close()
		fromTests.Close()
		toTests.Close()
	})
	r := follow(ctx, report, startLimit*wasmSlowness, timeout, end)
	end()
	report.Close()
	sides.Wait()
	return r
}

// side runs one instance to its end. How it ended does not matter: only the
// tests' report says anything.
func (w *Wasm) side(ctx context.Context, role, text string, in io.Reader, out, report io.Writer) {
	config := wazero.NewModuleConfig().WithName("").
		WithArgs("python", "-s", "-S", "-B", "-X", "utf8", "-c", guest("wasm"), role).
		WithEnv("PYTHONHASHSEED", "0").
		WithStdin(io.MultiReader(firstFrame(text), in)).WithStdout(out).WithStderr(report).
		WithSysWalltime().WithNanotime(func() int64 { return int64(time.Since(began)) }, 1)
	if w.library != "" {
		config = config.WithEnv("PYTHONHOME", "/").WithFSConfig(wazero.NewFSConfig().WithReadOnlyDirMount(filepath.Join(w.library, "lib"), "/lib"))
	}
	if m, err := w.runtime.InstantiateModule(ctx, w.compiled, config); err == nil {
		_ = m.Close(ctx)
	}
}

// firstFrame is a side's text as the guest's channel carries it.
func firstFrame(text string) io.Reader {
	data, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	frame := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	return bytes.NewReader(append(frame, data...))
}
