package sample

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	calculation = regexp.MustCompile(`<<([^<>=]+)=([0-9.]+)>>([0-9.]*[0-9])`)
	operand     = regexp.MustCompile(`[0-9.]+|[-+*/]`)
)

// TestGSM8KArithmetic evaluates every calculator mark <<a+b=c>> and compares it with the number written behind it and with the final answer.
func TestGSM8KArithmetic(t *testing.T) {
	for _, split := range []string{"train", "test"} {
		for n, d := range docs[struct{ Question, Answer string }](t, "openai/gsm8k", "main", split) {
			steps, final, ok := strings.Cut(d.Answer, "\n#### ")
			marks := calculation.FindAllStringSubmatch(steps, -1)
			if !ok || len(marks) < 2 || strings.Count(steps, "<<") != len(marks) {
				t.Errorf("%s line %d: want at least two well-formed marks and a last line \"#### N\":\n%s", split, n+1, d.Answer)
				continue
			}
			for _, m := range marks {
				got := evaluate(t, m[1])
				if got != number(t, m[2]) || got != number(t, m[3]) {
					t.Errorf("%s line %d: %s is %v", split, n+1, m[0], got)
				}
			}
			if last := marks[len(marks)-1][2]; last != final {
				t.Errorf("%s line %d: the last result is %s, the answer %s", split, n+1, last, final)
			}
			for _, m := range marks {
				for _, line := range strings.Split(steps, "\n") {
					if strings.Contains(line, m[0]) && !strings.Contains(strings.ReplaceAll(line, " ", ""), m[1]+"=") {
						t.Errorf("%s line %d: %q does not spell out its mark", split, n+1, line)
					}
				}
			}
		}
	}
}

// evaluate computes a sum of products, left to right within each product.
func evaluate(t *testing.T, expression string) float64 {
	t.Helper()
	tokens := operand.FindAllString(expression, -1)
	if strings.Join(tokens, "") != expression || len(tokens)%2 == 0 {
		t.Fatalf("%q is no plain arithmetic", expression)
	}
	sum, product := 0.0, number(t, tokens[0])
	for i := 1; i < len(tokens); i += 2 {
		switch v := number(t, tokens[i+1]); tokens[i] {
		case "*":
			product *= v
		case "/":
			product /= v
		case "+":
			sum, product = sum+product, v
		case "-":
			sum, product = sum+product, -v
		}
	}
	return sum + product
}

func number(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
