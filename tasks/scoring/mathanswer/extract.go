package mathanswer

import "strings"

const (
	boxed      = `\boxed`
	boxedSpace = `\boxed `
	fbox       = `\fbox`
)

// Extract returns what the last \boxed{...} of a solution holds, or, when
// there is none, the last \fbox{...}. Braces must balance. If `\boxed ` with a
// space occurs anywhere, the answer is what follows its last occurrence up to
// a dollar sign, as in the harness's last_boxed_only_string.
//
// \fbox, for which the harness's remove_boxed fails, is read like \boxed.
func Extract(solution string) (string, bool) {
	if i := strings.LastIndex(solution, boxedSpace); i >= 0 {
		answer, _, _ := strings.Cut(solution[i+len(boxedSpace):], "$")
		return answer, true
	}
	command := boxed
	start := strings.LastIndex(solution, command)
	if start < 0 {
		command = fbox
		if start = strings.LastIndex(solution, command); start < 0 {
			return "", false
		}
	}
	rest := solution[start+len(command):]
	if !strings.HasPrefix(rest, "{") {
		return "", false
	}
	depth := 0
	for i := range len(rest) {
		switch rest[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return rest[1:i], true
			}
		}
	}
	return "", false
}

// BetweenDollars returns the text between the first and the last dollar sign,
// or all of it when there are fewer than two: how hendrycks_math reads a
// model's response.
func BetweenDollars(response string) string {
	first, last := strings.Index(response, "$"), strings.LastIndex(response, "$")
	if first == last {
		return response
	}
	return response[first+1 : last]
}
