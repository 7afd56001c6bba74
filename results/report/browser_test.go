package report

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaeval/llamaeval/results"
)

// twoModels writes the page that the browser's tests look at: 30 choices and
// 12 sums, model a right on even numbers, b on multiples of three.
func twoModels(t testing.TB) string {
	t.Helper()
	words := map[int32]string{10: " a", 11: " brown", 12: " dog", 13: " cat", 20: " The", 21: " answer"}
	o := Options{Spelling: func(results.Run) func(int32) string { return func(id int32) string { return words[id] } }}
	path := filepath.Join(t.TempDir(), "report.html")
	a := fixture{model: "a", mode: "exact", choices: 30, generations: 12, right: even}.write(t)
	b := fixture{model: "b", mode: "exact", choices: 30, generations: 12, right: byThrees}.write(t)
	if _, err := WriteFile(path, []string{a, b}, o); err != nil {
		t.Fatal(err)
	}
	return path
}

func text(b *tab, id string) string {
	b.t.Helper()
	s, _ := b.eval(fmt.Sprintf("document.getElementById(%q).innerText", id)).(string)
	return s
}

func expect(t *testing.T, b *tab, id string, wants ...string) {
	t.Helper()
	got := strings.Join(strings.Fields(text(b, id)), " ")
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("%s has no %q: %.1500s", id, want, got)
		}
	}
}

func TestBrowser(t *testing.T) {
	b := openTab(t)
	path := twoModels(t)
	run := func(name string, f func(*testing.T)) {
		t.Run(name, func(t *testing.T) {
			defer b.within(t)()
			f(t)
		})
	}
	run("overview", func(t *testing.T) {
		b.media(1280, 900, "light")
		b.show(path, "")
		expect(t, b, "summary", "2 models, 2 tasks")
		expect(t, b, "leaderboard", "choices", "50.0", "33.3", "sums", "exact_match, strict %", "rank 1", "models without a shown difference share one")
		if n := b.eval(`document.querySelectorAll("#leaderboard .best").length`); n != 0.0 {
			t.Errorf("%v values stand out, where no difference is significant", n)
		}
		if n := b.eval(`document.querySelectorAll("#charts svg circle").length`); n != 4.0 {
			t.Errorf("%v values in the charts", n)
		}
		expect(t, b, "count", "42 of 42 samples")
		b.screenshot("light")
	})
	run("filters", func(t *testing.T) { testFilters(t, b, path) })
	run("search", func(t *testing.T) { testSearch(t, b, path) })
	run("keyboard", func(t *testing.T) { testKeyboard(t, b, path) })
	run("sample", func(t *testing.T) { testSample(t, b, path) })
	run("dark", func(t *testing.T) { testDark(t, b, path) })
	run("narrow", func(t *testing.T) {
		b.media(390, 800, "light")
		b.show(path, "#task=sums&open=sums/3")
		if b.eval(`document.documentElement.scrollWidth > innerWidth`) == true {
			t.Error("the page is wider than the window")
		}
		if b.eval(`getComputedStyle(document.getElementById("list")).display`) != "none" {
			t.Error("the list takes the room of the open sample")
		}
		b.eval(`document.getElementById("browser").scrollIntoView()`)
		b.screenshot("narrow")
	})
	b.noProblems()
}

func testFilters(t *testing.T, b *tab, path string) {
	for hash, want := range map[string]string{
		"task=sums":                           "12 of 42",
		"task=sums&outcome=right&model=0":     "6 of 42",
		"outcome=wrong&model=1":               "28 of 42",
		"other=any":                           "21 of 42",
		"model=0&other=1&outcome=right":       "14 of 42",
		"task=choices&outcome=partly":         "0 of 42",
		"task=choices&outcome=right":          "20 of 42", // by any model
		"task=unknown&outcome=' onload=alert": "42 of 42",
	} {
		b.show(path, "#"+hash)
		if got := text(b, "count"); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", hash, got, want)
		}
	}
	b.show(path, "")
	b.eval(`(() => { const s = document.getElementById("task"); s.value = "sums"; s.dispatchEvent(new Event("input", { bubbles: true })); })()`)
	b.wait(`document.getElementById("count").innerText.startsWith("12 of 42")`)
	b.wait(`location.hash === "#task=sums"`)
	b.eval(`document.querySelector("#filters [type=reset]").click()`)
	b.wait(`document.getElementById("count").innerText.startsWith("42 of 42")`)
}

func testSearch(t *testing.T, b *tab, path string) {
	for query, want := range map[string]string{
		"ANIMAL is number 17": "1 of 42", // in the question, whatever the case
		"brown dog":           "30 of 42",
		"answer is 12":        "1 of 42", // in a generation
		"[invalid]":           "10 of 42",
		"1 + 1?":              "0 of 42", // in the shots only
		"contexts":            "0 of 42", // a name of the data's own
		"\"":                  "0 of 42",
	} {
		b.show(path, "")
		b.press("/")
		b.call("Input.insertText", map[string]any{"text": query}, nil)
		b.wait(fmt.Sprintf(`document.getElementById("count").innerText.startsWith(%q)`, want+" samples"))
	}
}

func testKeyboard(t *testing.T, b *tab, path string) {
	b.show(path, "#task=choices")
	selected := func(want string) {
		t.Helper()
		b.wait(fmt.Sprintf(`document.querySelector("[aria-selected=true] .name")?.innerText === %q`, want))
	}
	selected("choices 0")
	b.press("j", "j", "j", "k")
	selected("choices 2")
	b.press("ArrowDown")
	selected("choices 3")
	if id := b.eval(`document.getElementById("list").getAttribute("aria-activedescendant")`); id != "row-3" {
		t.Errorf("active descendant %v", id)
	}
	b.press("End")
	selected("choices 29")
	b.press("Home", "Enter")
	b.wait(`document.getElementById("detail-title")?.innerText === "choices, document 0"`)
	b.wait(`document.activeElement.id === "detail"`)
	b.press("j")
	b.wait(`document.getElementById("detail-title").innerText === "choices, document 1"`)
	b.wait(`location.hash.endsWith("open=choices%2F1")`)
	b.press("Escape")
	b.wait(`document.getElementById("detail").hidden && document.activeElement.id === "list"`)
	b.press("?")
	b.wait(`document.getElementById("help").open`)
	b.screenshot("help")
	b.press("Escape")
	b.wait(`!document.getElementById("help").open`)
	b.press("/")
	b.wait(`document.activeElement.id === "query"`)
	b.press("j", "Escape")
	b.wait(`document.activeElement.id === "list" && document.getElementById("query").value === "j"`)
}

func testSample(t *testing.T, b *tab, path string) {
	b.media(1280, 1000, "light")
	b.show(path, "#open=choices/2")
	expect(t, b, "detail", "choices, document 2", "What the task's prompts begin with alike (2 shots", "Which animal is number 2?",
		"✓ right a", "The model prefers choice A: it has the highest log-likelihood. That is the accepted choice.",
		"✗ wrong b", "The model prefers choice B: it has the highest log-likelihood. Accepted: A.", "a brown dog", "-4.500", "subject 2")
	heat := `[...document.querySelectorAll(".heat")][0]`
	if got := b.eval(heat + ".innerText"); got != " a brown dog" {
		t.Errorf("tokens %q", got)
	}
	if got := b.eval(heat + `.children[1].style.getPropertyValue("--p")`); got != "0.667" {
		t.Errorf("heat of log-probability -4: %v", got)
	}
	b.eval(heat + ".focus()")
	b.press("ArrowRight", "ArrowRight")
	b.wait(`document.querySelector(".reading").innerText === 'Token 2 of 3 " brown" (11): log-probability -4.000, probability 1.8%'`)
	b.eval(`document.getElementById("browser").scrollIntoView()`)
	b.screenshot("sample")
	b.show(path, "#open=sums/1")
	expect(t, b, "detail", "✗ wrong a", "The filter strict extracted nothing", "Accepted: “8”", "The answer is 8", "ended at a stop string", "exact_match = 0.")
	b.show(path, "#open=sums/0")
	expect(t, b, "detail", "The filter strict extracted “7”. Accepted: “7”. The two are equal as the task compares them. exact_match = 1.")
}

func testDark(t *testing.T, b *tab, path string) {
	b.media(1280, 1000, "dark")
	b.show(path, "#open=choices/2")
	if c := b.eval(`getComputedStyle(document.body).backgroundColor`); c != "rgb(20, 23, 27)" {
		t.Errorf("dark mode has a background of %v", c)
	}
	b.screenshot("dark-top")
	b.eval(`document.getElementById("browser").scrollIntoView()`)
	b.screenshot("dark")
}

// Hostile results are text: nothing of them runs, and the page still works.
func TestBrowserShowsHostileText(t *testing.T) {
	const evil = "</script><img src=x onerror=document.title='evil'><script>document.title='evil'</script>"
	b := openTab(t)
	f := fixture{model: "m" + evil, mode: "exact", choices: 3, right: even, change: func(s *results.Sample) {
		s.Doc, s.Cluster = evil, evil
		for _, list := range [][]string{s.Contexts, s.Continuations, s.Target} {
			for i := range list {
				list[i] += evil
			}
		}
		s.Metrics[evil] = 1
	}}
	path := filepath.Join(t.TempDir(), "report.html")
	o := Options{Spelling: func(results.Run) func(int32) string { return func(int32) string { return evil } }}
	if _, err := WriteFile(path, []string{f.write(t)}, o); err != nil {
		t.Fatal(err)
	}
	b.show(path, "#open=choices/1")
	expect(t, b, "detail", "onerror=document.title='evil'", "<script>document.title='evil'</script>")
	if title := b.eval("document.title"); title != "llamaeval report" {
		t.Errorf("the title is %v", title)
	}
	if n := b.eval(`document.querySelectorAll("img").length`); n != 0.0 {
		t.Errorf("%v images", n)
	}
	b.noProblems()
	// The policy stops what would run if the page ever failed to escape.
	b.eval(`document.body.insertAdjacentHTML("beforeend", "<img src=x onerror=\"document.title='evil'\">")`)
	b.eval(`new Promise((resolve) => setTimeout(resolve, 200))`)
	if title := b.eval("document.title"); title != "llamaeval report" {
		t.Error("the policy let a handler run")
	}
}

// A hundred thousand samples open in seconds and are filtered at once. It
// takes a minute: LLAMAEVAL_LONG=1 asks for it.
func TestBrowserWithManySamples(t *testing.T) {
	if os.Getenv("LLAMAEVAL_LONG") == "" {
		t.Skip("LLAMAEVAL_LONG is not set")
	}
	b := openTab(t)
	const n = 100_000
	a := fixture{model: "a", choices: n, right: even, change: vary}.write(t)
	c := fixture{model: "b", choices: n, right: byThrees, change: vary}.write(t)
	path := filepath.Join(t.TempDir(), "report.html")
	stats, err := WriteFile(path, []string{a, c}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.media(1280, 900, "light")
	b.call("Page.navigate", map[string]any{"url": "file://" + path}, nil)
	b.wait(`location.protocol === "file:" && document.body?.dataset.ready === "yes"`)
	ready := b.eval(`performance.now()`).(float64)
	filter := b.eval(`new Promise((resolve) => {
		const s = document.getElementById("other");
		s.value = "any";
		const begun = performance.now();
		new MutationObserver(() => resolve(performance.now() - begun)).observe(document.getElementById("count"), { childList: true });
		s.dispatchEvent(new Event("input", { bubbles: true }));
	})`).(float64)
	expect(t, b, "count", "50,000 of 100,000 samples")
	searched := b.eval(`new Promise((resolve) => {
		const s = document.getElementById("query");
		s.value = "number 77776?";
		const begun = performance.now();
		const done = () => { if (document.getElementById("count").innerText.startsWith("1 of") && document.getElementById("progress").hidden) resolve(performance.now() - begun); };
		new MutationObserver(done).observe(document.getElementById("count"), { childList: true });
		s.dispatchEvent(new Event("input", { bubbles: true }));
	})`).(float64)
	t.Logf("%d MB; ready after %.0f ms, filtered in %.0f ms, searched in %.0f ms", stats.Bytes>>20, ready, filter, searched)
	if ready > 8000 || filter > 250 { // twice and more what is wanted: CI machines differ
		t.Error("too slow")
	}
}

// vary gives a sample text of its own, as real questions have.
func vary(s *results.Sample) {
	var b strings.Builder
	x := uint32(s.DocID)*2654435761 + 1
	for range 60 {
		x = x*1664525 + 1013904223
		b.WriteString([]string{"river", "stone", "green", "seven", "walks", "under", "house", "light", "table", "never", "small", "quick"}[x>>16%12])
		fmt.Fprintf(&b, "%x ", x>>24)
	}
	s.Contexts = []string{s.Contexts[0][:len(shots)] + b.String() + s.Contexts[0][len(shots):]}
}
