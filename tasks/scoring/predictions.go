package scoring

import (
	"fmt"
	"strings"

	"github.com/llamaeval/llamaeval/tasks/py"
	"github.com/llamaeval/llamaeval/tasks/py/regex"
)

// BuildPredictions is HumanEval's filter: every completion becomes a program,
// the document's prompt followed by the completion.
func BuildPredictions() Filter {
	return Filter{Name: "build_predictions", Apply: func(item Item, in py.Value) (py.Value, error) {
		return programs(item, in, func(completion string) string { return completion })
	}}
}

// BuildPredictionsInstruct is the same for chat models, whose completion ends
// at the first code fence.
func BuildPredictionsInstruct() Filter {
	return Filter{Name: "build_predictions_instruct", Apply: func(item Item, in py.Value) (py.Value, error) {
		return programs(item, in, func(completion string) string {
			code, _, _ := strings.Cut(completion, "```")
			return code
		})
	}}
}

func programs(item Item, in py.Value, code func(completion string) string) (py.Value, error) {
	prompt, ok := item.Doc.Get("prompt")
	if _, isText := prompt.(string); !ok || !isText {
		return nil, fmt.Errorf("the document has no text in its column prompt")
	}
	completions, ok := in.([]any)
	if !ok {
		completions = []any{in}
	}
	out := make([]any, len(completions))
	for i, c := range completions {
		out[i] = prompt.(string) + code(py.Str(c))
	}
	return out, nil
}

// fencedCode finds code blocks, the language after the fence left out.
var fencedCode = regex.MustCompile("(?s)```(?:\\w+)?\\n?(.*?)\\n?```")

// FencedCode is MBPP's filter for chat models: the first code block of every
// answer, the opening fence of which may already stand in the prompt; empty
// without one.
func FencedCode() Filter {
	return Filter{Name: "build_predictions", Apply: perText(func(answer string) (string, error) {
		for _, text := range []string{"```" + answer, strings.ReplaceAll(answer, "```python", "```")} {
			blocks, err := fencedCode.FindAll(text)
			if err != nil {
				return "", err
			}
			if len(blocks) > 0 {
				return blocks[0][1], nil
			}
		}
		return "", nil
	})}
}
