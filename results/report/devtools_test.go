package report

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A tab is a page in headless Chromium, driven over the DevTools protocol
// through a pipe: JSON messages that end with a NUL, on descriptors 3 and 4
// of the browser.
type tab struct {
	t       testing.TB
	to      *os.File
	session string

	mu       sync.Mutex
	last     int
	waiting  map[int]chan message
	problems []string // what the page's console complains about
}

type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// requireChromium, when set, makes a missing browser a failure.
const requireChromium = "LLAMAEVAL_REQUIRE_CHROMIUM"

func chromium(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(requireChromium) != "" {
		t.Fatal("no chromium: install Debian's package chromium")
	}
	t.Skip("no chromium: install Debian's package chromium")
	return ""
}

// openTab starts a browser of its own for one test.
func openTab(t testing.TB) *tab {
	t.Helper()
	path := chromium(t)
	toBrowser, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	from, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// Chromium may still write while it ends: t.TempDir would fail then.
	profile, err := os.MkdirTemp("", "llamaeval-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars", "--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{toBrowser, theirs}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	toBrowser.Close()
	theirs.Close()
	b := &tab{t: t, to: ours, waiting: map[int]chan message{}}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.read(bufio.NewReader(from))
	}()
	t.Cleanup(func() {
		b.send("Browser.close", nil)
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait() // it may say that it was killed
		timer.Stop()
		ours.Close()
		<-ended
		from.Close()
		_ = os.RemoveAll(profile)
	})
	b.attach()
	return b
}

func (b *tab) attach() {
	b.t.Helper()
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.call(domain+".enable", nil, nil)
	}
}

func (b *tab) read(r *bufio.Reader) {
	for {
		data, err := r.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(data[:len(data)-1], &m) != nil {
			continue
		}
		b.mu.Lock()
		switch m.Method {
		case "":
			if c := b.waiting[m.ID]; c != nil {
				c <- m
			}
		case "Log.entryAdded", "Runtime.exceptionThrown":
			b.problems = append(b.problems, string(m.Params))
		}
		b.mu.Unlock()
	}
}

// send sends a command and returns where its answer will be.
func (b *tab) send(method string, params any) chan message {
	b.mu.Lock()
	b.last++
	answer := make(chan message, 1)
	b.waiting[b.last] = answer
	call := map[string]any{"id": b.last, "method": method}
	b.mu.Unlock()
	if params != nil {
		call["params"] = params
	}
	if b.session != "" && !strings.HasPrefix(method, "Browser.") {
		call["sessionId"] = b.session
	}
	data, err := json.Marshal(call)
	if err == nil {
		_, err = b.to.Write(append(data, 0))
	}
	if err != nil && !errors.Is(err, os.ErrClosed) {
		b.t.Logf("%s: %v", method, err)
	}
	return answer
}

func (b *tab) call(method string, params, result any) {
	b.t.Helper()
	if err := b.ask(method, params, result); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

func (b *tab) ask(method string, params, result any) error {
	select {
	case m := <-b.send(method, params):
		if m.Error != nil {
			return errors.New(m.Error.Message)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(m.Result, result)
	case <-time.After(90 * time.Second):
		return errors.New("no answer of chromium in 90 s")
	}
}

// within makes failures those of a subtest until what it returns is called.
func (b *tab) within(t testing.TB) (back func()) {
	before := b.t
	b.t = t
	return func() { b.t = before }
}

// eval returns the value of an expression, of a promise what it resolves to.
func (b *tab) eval(expression string) any {
	b.t.Helper()
	v, err := b.try(expression)
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (b *tab) try(expression string) (any, error) {
	b.t.Helper()
	var out struct {
		Result           struct{ Value any }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	err := b.ask("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true}, &out)
	if e := out.ExceptionDetails; err == nil && e != nil {
		err = fmt.Errorf("%s %s", e.Text, e.Exception.Description)
	}
	return out.Result.Value, err
}

// wait waits until an expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		// While a page is left there is nothing to ask.
		if v, err := b.try(expression); err == nil && v == true {
			return
		}
	}
	b.t.Fatalf("after 60 s still not: %s\nproblems: %s", expression, b.problems)
}

// show opens a file, with what follows its path, and waits until its script
// is ready.
func (b *tab) show(path, hash string) {
	b.t.Helper()
	b.call("Page.navigate", map[string]any{"url": "about:blank"}, nil)
	b.call("Page.navigate", map[string]any{"url": "file://" + path + hash}, nil)
	b.wait(`location.protocol === "file:" && document.body?.dataset.ready === "yes"`)
}

// media sets the size of the window and the preferred colours.
func (b *tab) media(width, height int, scheme string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}, nil)
	b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// press presses and releases keys: characters or names such as Enter.
func (b *tab) press(keys ...string) {
	b.t.Helper()
	codes := map[string]int{"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "ArrowRight": 39, "ArrowLeft": 37, "End": 35, "Home": 36, "Tab": 9, "PageDown": 34}
	for _, key := range keys {
		event := map[string]any{"type": "keyDown", "key": key, "windowsVirtualKeyCode": codes[key]}
		if codes[key] == 0 {
			event["text"] = key
		}
		if key == "Enter" {
			event["text"] = "\r"
		}
		b.call("Input.dispatchKeyEvent", event, nil)
		b.call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "windowsVirtualKeyCode": codes[key]}, nil)
	}
}

// screenshot saves what is seen, where LLAMAEVAL_SCREENSHOTS names a folder.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	dir := os.Getenv("LLAMAEVAL_SCREENSHOTS")
	if dir == "" {
		return
	}
	var shot struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"format": "png"}, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// noProblems fails if the browser refused or reported anything.
func (b *tab) noProblems() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.problems) > 0 {
		b.t.Errorf("the browser complains: %s", fmt.Sprint(b.problems))
	}
}
