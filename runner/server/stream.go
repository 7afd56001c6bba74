package server

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/llamaeval/llamaeval/internal/quote"
)

// maxEvent bounds one event of a stream.
const maxEvent = 8 << 20

// stream asks for a completion in parts and joins them. A stream that ends
// without saying why the generation ended was cut off, and is asked for again
// from its start.
func (c *client) stream(ctx context.Context, url string, in any) (completion, error) {
	var out completion
	err := c.pacer.do(ctx, c.o.Retries, func() error {
		var err error
		out, err = c.tryStream(ctx, url, in)
		return err
	})
	return out, err
}

func (c *client) tryStream(ctx context.Context, url string, in any) (completion, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Each part starts the time anew: a long generation is no hanging one.
	watch := time.AfterFunc(c.o.Timeout, func() { cancel(errStall) })
	defer watch.Stop()
	r, err := c.send(ctx, url, in)
	if err != nil {
		return completion{}, err
	}
	defer r.Body.Close()
	body := bufio.NewReader(r.Body)
	if !isStream(r.Header, body) { // asked for a stream, it answered at once
		var out completion
		return out, c.decode(ctx, url, body, &out)
	}
	out, err := joinEvents(body, func() { watch.Reset(c.o.Timeout) })
	if said := (*wireError)(nil); errors.As(err, &said) {
		return out, c.said(ctx, url, said)
	}
	if err != nil {
		return out, c.broken(ctx, url, err)
	}
	return out, nil
}

// isStream goes by the type of an answer, or, since proxies lose it, by how it
// begins.
func isStream(h http.Header, body *bufio.Reader) bool {
	head, _ := body.Peek(len("data:")) // an error comes again when it is read
	return strings.HasPrefix(h.Get("Content-Type"), "text/event-stream") || string(head) == "data:" || bytes.HasPrefix(head, []byte(":"))
}

// joinEvents reads server-sent events up to [DONE] or the end. Each part is a
// sign of life; a comment is not: proxies send them for servers that are dead.
func joinEvents(body io.Reader, alive func()) (completion, error) {
	out := completion{Choices: make([]choice, 1)}
	var text strings.Builder
	lines := bufio.NewScanner(io.LimitReader(body, maxBody))
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data:")
		if !ok { // a comment that keeps the connection, an event's name, a blank line
			continue
		}
		alive()
		if data = strings.TrimSpace(data); data == "[DONE]" {
			break
		}
		var part completion
		if err := json.Unmarshal([]byte(data), &part); err != nil {
			return out, fmt.Errorf("%w, in a part of the stream: %w: %s", errGarbage, quote.Error(err), quote.Line(data))
		}
		if part.Error != nil {
			return out, part.Error
		}
		if part.Usage != nil {
			out.Usage = part.Usage
		}
		if len(part.Choices) > 0 {
			text.WriteString(part.Choices[0].text())
			out.Choices[0].add(part.Choices[0])
		}
	}
	if err := lines.Err(); err != nil {
		return out, fmt.Errorf("%w: %w", errCut, err)
	}
	if out.Choices[0].FinishReason == nil {
		return out, errCut
	}
	out.Choices[0].Text = text.String()
	return out, nil
}
