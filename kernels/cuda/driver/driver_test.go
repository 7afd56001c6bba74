//go:build cuda && linux

package driver_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// device returns the first device, and whether it is emulated.
func device(t *testing.T) (*driver.Device, bool) {
	t.Helper()
	if err := driver.Open(); err != nil {
		if os.Getenv("LLAMAEVAL_REQUIRE_CUDA") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d, err := driver.New(0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d, strings.HasPrefix(d.Name, "emulator")
}

func emulated(t *testing.T) *driver.Device {
	t.Helper()
	d, is := device(t)
	if !is {
		t.Skip("for the emulator alone")
	}
	return d
}

func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Without a driver the program runs, and Open says why there is no GPU.
func TestNoDriver(t *testing.T) {
	if os.Getenv("LLAMAEVAL_TEST_NO_DRIVER") != "" {
		err := driver.Open()
		if err == nil {
			t.Fatal("opened what is not there")
		}
		os.Stdout.WriteString("says: " + err.Error() + "\n")
		return
	}
	for path, want := range map[string]string{
		"/nonexistent/libcuda.so.1": "says: no CUDA driver: /nonexistent/libcuda.so.1: cannot open shared object file",
		"/proc/self/exe":            "says: no CUDA driver: ",
	} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestNoDriver$")
		cmd.Env = append(os.Environ(), "LLAMAEVAL_TEST_NO_DRIVER=1", driver.Variable+"="+path)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s", path, err, out)
		}
	}
}

func TestCopies(t *testing.T) {
	d, _ := device(t)
	s := must[*driver.Stream](t)(d.Stream())
	p := must[driver.Pointer](t)(d.Alloc(1000))
	out := must[[]byte](t)(d.Pinned(1000))
	in := bytes.Repeat([]byte("0123456789"), 100)
	for _, err := range []error{
		s.Upload(p, in), s.Copy(p+500, p, 100), s.Clear(p+990, 10), s.Download(out, p), s.Wait(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	copy(in[500:], in[:100])
	clear(in[990:])
	if !bytes.Equal(in, out) {
		t.Errorf("got %q", out)
	}
	if err := errors.Join(d.Release(p), d.ReleasePinned(out), s.Close()); err != nil {
		t.Error(err)
	}
}

// One stream's work waits for another's event.
func TestEvents(t *testing.T) {
	d, _ := device(t)
	one, two := must[*driver.Stream](t)(d.Stream()), must[*driver.Stream](t)(d.Stream())
	start, end := must[*driver.Event](t)(d.Event()), must[*driver.Event](t)(d.Event())
	p := must[driver.Pointer](t)(d.Alloc(4))
	out := must[[]byte](t)(d.Pinned(4))
	for _, err := range []error{
		one.Record(start), one.Upload(p, []byte("done")), one.Record(end),
		two.After(end), two.Download(out, p), two.Wait(),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if string(out) != "done" {
		t.Errorf("the second stream saw %q", out)
	}
	if ms, err := end.Since(start); err != nil || ms < 0 {
		t.Errorf("%v ms, %v", ms, err)
	}
}

func TestGraphs(t *testing.T) {
	d, _ := device(t)
	s := must[*driver.Stream](t)(d.Stream())
	p := must[driver.Pointer](t)(d.Alloc(8))
	in, out := must[[]byte](t)(d.Pinned(4)), must[[]byte](t)(d.Pinned(8))
	copy(in, "once")
	g, err := s.Capture(func() error {
		return errors.Join(s.Upload(p, in), s.Copy(p+4, p, 4), s.Download(out, p))
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"more", "last"} {
		copy(in, text)
		if err := errors.Join(s.Replay(g), s.Wait()); err != nil || string(out) != text+text {
			t.Errorf("%q, %v", out, err)
		}
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := s.Capture(s.Wait); err == nil || !strings.Contains(err.Error(), "while a graph is recorded") {
		t.Errorf("waiting in a recording: %v", err)
	}
	if err := s.Wait(); err != nil {
		t.Errorf("after a spoilt recording: %v", err)
	}
}

// Nothing runs before it is waited for, so a forgotten wait shows.
func TestEmulatorIsLazy(t *testing.T) {
	d := emulated(t)
	s := must[*driver.Stream](t)(d.Stream())
	p := must[driver.Pointer](t)(d.Alloc(4))
	in, out := must[[]byte](t)(d.Pinned(4)), must[[]byte](t)(d.Pinned(4))
	copy(in, "soon")
	if err := errors.Join(s.Upload(p, in), s.Download(out, p)); err != nil {
		t.Fatal(err)
	}
	if string(out) == "soon" {
		t.Error("arrived without a wait")
	}
	copy(in, "late")
	if err := s.Wait(); err != nil || string(out) != "late" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Setenv("LLAMAEVAL_EMU_MEMORY", "1000000")
	d := emulated(t)
	p := must[driver.Pointer](t)(d.Alloc(600000))
	if free := must[int64](t)(d.Free()); free != 400000 {
		t.Errorf("%d bytes free", free)
	}
	_, err := d.Alloc(600000)
	if !errors.Is(err, driver.ErrMemory) || errors.Is(err, driver.ErrLost) {
		t.Errorf("too much memory: %v", err)
	}
	if err := d.Release(p); err != nil {
		t.Error(err)
	}
	if _, err := d.Alloc(600000); err != nil {
		t.Error(err)
	}
}

func TestImageErrors(t *testing.T) {
	for _, c := range []struct{ name, image, want string }{
		{"new", ".version 9.0\n.target sm_80\n", "update it to version 525 or newer: Unsupported .version 9.0 (CUDA error 222)"},
		{"other", ".version 8.0\n.target sm_100a\n", "no kernels for this GPU: it needs compute capability 8.0 or newer (CUDA error 209)"},
		{"broken", ".version 7.0\n", "refused the kernels: no .target (CUDA error 218)"},
		{"nonsense", "?", "the image of the kernels is damaged (CUDA error 200)"},
	} {
		d := emulated(t)
		if _, err := d.Load(c.name, []byte(c.image)); err == nil || !strings.HasSuffix(err.Error(), c.want) ||
			!strings.HasPrefix(err.Error(), "GPU 0: loading kernels "+c.name) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	d := emulated(t)
	m := must[*driver.Module](t)(d.Load("empty", []byte(".version 7.0\n.target sm_80\n")))
	if _, err := m.Kernel("absent", 32, 0); err == nil || !strings.Contains(err.Error(), "kernel absent of empty: no such kernel") {
		t.Errorf("absent kernel: %v", err)
	}
}

func TestDevices(t *testing.T) {
	emulated(t)
	all := must[[]driver.Info](t)(driver.Devices())
	if len(all) != 2 || all[1].Name != "emulator 1" || all[1].Major != 9 || all[1].Memory != 1<<30 || all[1].SharedMemory != 227<<10 {
		t.Errorf("%+v", all)
	}
	if _, err := driver.New(2); err == nil || err.Error() != "there is no GPU 2: 2 found" {
		t.Errorf("third of two: %v", err)
	}
}

// Functions that a driver lacks are named by gorgonia.org/cu and not called
// here; what is called other tests call.
func TestSymbolsOfDriver(t *testing.T) {
	all, err := driver.Devices()
	if err != nil {
		t.Skip(err)
	}
	t.Logf("%d functions are missing; CUDA %d", driver.Missing, all[0].Driver)
}
