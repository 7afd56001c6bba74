package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// A statusError is an answer that is no success.
type statusError struct {
	url     string
	code    int
	message string        // the server's own, one line
	wait    time.Duration // Retry-After, 0 if absent
	keyed   bool          // the request carried a key
}

func (e *statusError) Error() string {
	text := fmt.Sprintf("%s: %d %s", e.url, e.code, http.StatusText(e.code))
	if e.message != "" {
		text += ": " + e.message
	}
	switch {
	case e.code == http.StatusUnauthorized && e.keyed:
		text += ": the key in OPENAI_API_KEY is not accepted"
	case e.code == http.StatusUnauthorized:
		text += ": set OPENAI_API_KEY"
	case e.code >= 300 && e.code < 400:
		text += ": it points elsewhere; give that address with --model"
	}
	return text
}

// passing tells whether the same request may succeed later.
func (e *statusError) passing() bool {
	switch e.code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return e.code >= 500 && e.code != http.StatusNotImplemented
}

// A brokenError is a request without a whole answer: no connection, a time
// limit, an answer that was cut off or is not what it should be.
type brokenError struct {
	url string
	err error
}

func (e *brokenError) Error() string { return e.url + ": " + e.err.Error() }
func (e *brokenError) Unwrap() error { return e.err }

var (
	errCut     = errors.New("the answer was cut off")
	errGarbage = errors.New("its answer is not what the API says")
	errSaid    = errors.New("the server failed while it answered")
	errHuge    = errors.New("the answer is larger than any can be")
	errStall   = errors.New("no answer within the time limit (--server timeout=)")
)

// retryable tells whether to try again, and after how long at least.
func retryable(err error) (wait time.Duration, ok bool) {
	var status *statusError
	if errors.As(err, &status) {
		return status.wait, status.passing()
	}
	var broken *brokenError
	return 0, errors.As(err, &broken) && !errors.Is(err, errHuge)
}

// refused tells whether the server answered and said no, or something that is
// no answer, as against not having been reached or being busy.
func refused(err error) bool {
	var status *statusError
	if errors.As(err, &status) {
		switch status.code {
		case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return false
		}
		return true
	}
	return errors.Is(err, errGarbage) || errors.Is(err, errSaid)
}
