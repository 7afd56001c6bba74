package browse

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/results"
)

const (
	promptEnd  = 600 // characters of a prompt's end, and of other long texts, that are shown
	mostTokens = 60  // log-probabilities of one answer that are shown
)

// A page is where samples are printed.
type page struct {
	*bufio.Writer
	width int  // characters of a line
	wraps bool // text, too, as in a terminal; else its lines stay whole
}

// WriteText prints items as plain text, one after another. Of a long prompt
// only the end is shown, where the question stands. Lines have at most width
// characters, that of the terminal; where it is 0, there is none: then rules and
// lines of numbers have results.LineWidth, and lines of text are whole.
func WriteText(w io.Writer, items iter.Seq2[Item, error], width int) error {
	b := &page{bufio.NewWriter(w), results.LineWidth, width > 0}
	if width > 0 {
		b.width = min(width, b.width)
	}
	n := 0
	for it, err := range items {
		if err != nil {
			return err
		}
		if n++; n > 1 {
			b.WriteByte('\n')
		}
		it.text(b)
		if err := b.Flush(); err != nil {
			return err
		}
	}
	if n == 0 {
		b.WriteString("No sample is selected.\n")
	}
	return b.Flush()
}

func (it Item) text(b *page) {
	title := fmt.Sprintf("── %s %d · %s · %d shots", results.Visible(it.Task), it.DocID, it.Verdict, it.Shots)
	if it.TruncatedTokens > 0 {
		title += fmt.Sprintf(" · %d tokens of the prompt were cut", it.TruncatedTokens)
	}
	fmt.Fprintf(b, "%s %s\n", title, strings.Repeat("─", max(3, b.width-1-utf8.RuneCountInString(title))))
	for i, c := range it.Contexts {
		name := "prompt"
		if len(it.Contexts) > 1 {
			name = fmt.Sprintf("prompt %d", i+1)
		}
		shown, left := tail(c, promptEnd)
		if left > 0 {
			name = fmt.Sprintf("%s, after %d more characters", name, left)
		}
		block(b, name, shown)
	}
	for i := range it.Generations {
		it.generation(b, i)
	}
	for i := range it.Continuations {
		it.continuation(b, i)
	}
	for _, filter := range slices.Sorted(maps.Keys(it.Filtered)) {
		line(b, "extracted, "+filter, quoted(it.Filtered[filter]))
	}
	if len(it.Target) > 0 {
		line(b, "target", quoted(it.Target))
	}
	for _, key := range slices.Sorted(maps.Keys(it.Metrics)) {
		mark := ""
		if key == it.Primary {
			mark = "  (primary)"
		}
		line(b, key, strconv.FormatFloat(it.Metrics[key], 'g', 6, 64)+mark)
	}
}

// generation prints a generated text; its tokens stand behind those of the
// continuations.
func (it Item) generation(b *page, i int) {
	name := "answer"
	if len(it.Generations) > 1 {
		name = fmt.Sprintf("answer %d", i+1)
	}
	if i < len(it.Finish) {
		name += ", ended by " + it.Finish[i]
	}
	block(b, name, it.Generations[i])
	it.tokens(b, len(it.Continuations)+i)
}

// continuation prints a text that was scored, and whether it is the likeliest
// of them and the right one.
func (it Item) continuation(b *page, i int) {
	text, left := tail(it.Continuations[i], promptEnd)
	name := fmt.Sprintf("choice %d", i+1)
	if len(it.Continuations) == 1 {
		name = "continuation"
	}
	var marks []string
	if i < len(it.LogLikelihoods) {
		marks = append(marks, "log-likelihood "+strconv.FormatFloat(it.LogLikelihoods[i], 'f', 4, 64))
		if len(it.LogLikelihoods) > 1 && it.LogLikelihoods[i] == slices.Max(it.LogLikelihoods) {
			marks = append(marks, "the likeliest")
		}
	}
	if slices.Contains(it.Target, it.Continuations[i]) {
		marks = append(marks, "the target")
	}
	if left > 0 {
		marks = append(marks, fmt.Sprintf("after %d more characters", left))
	}
	line(b, name, strconv.Quote(text)+"  "+strings.Join(marks, ", "))
	it.tokens(b, i)
}

// tokens prints the log-probabilities of one answer's tokens.
func (it Item) tokens(b *page, i int) {
	if i >= len(it.TokenLogProbs) || len(it.TokenLogProbs[i]) == 0 {
		return
	}
	all := it.TokenLogProbs[i]
	var out strings.Builder
	width := 0
	for k, p := range all[:min(len(all), mostTokens)] {
		text := strconv.FormatFloat(float64(p), 'f', 2, 32)
		if width += len(text) + 1; k > 0 && width > b.width-4 {
			out.WriteByte('\n')
			width = len(text) + 1
		} else if k > 0 {
			out.WriteByte(' ')
		}
		out.WriteString(text)
	}
	if more := len(all) - mostTokens; more > 0 {
		fmt.Fprintf(&out, " and %d more", more)
	}
	name := fmt.Sprintf("log-probabilities of its %d tokens", len(all))
	if len(all) == 1 {
		name = "log-probability of its token"
	}
	block(b, name, out.String())
}

// tail is the end of a text and how many characters are left out before it.
func tail(s string, n int) (string, int) {
	r := []rune(s)
	if len(r) <= n {
		return s, 0
	}
	return string(r[len(r)-n:]), len(r) - n
}

func quoted(texts []string) string {
	out := make([]string, len(texts))
	for i, t := range texts {
		if r := []rune(t); len(r) > promptEnd {
			t = string(r[:promptEnd]) + "…"
		}
		out[i] = strconv.Quote(t)
	}
	if len(out) == 0 {
		return "nothing"
	}
	return strings.Join(out, ", ")
}

func line(b *page, name, text string) {
	b.put("", results.Visible(name)+": "+text, "  ")
}

// block prints a text of several lines below its name.
func block(b *page, name, text string) {
	fmt.Fprintf(b, "%s:\n", name)
	for l := range strings.SplitSeq(results.Visible(text), "\n") {
		b.put("  │ ", l, "    ")
	}
}

// put prints a line, and begins what does not fit below it with more.
func (b *page) put(begin, text, more string) {
	if b.wraps {
		text = strings.ReplaceAll(results.Wrap(text, b.width-len(more)), "\n", "\n"+more)
	}
	fmt.Fprintf(b, "%s%s\n", begin, text)
}
