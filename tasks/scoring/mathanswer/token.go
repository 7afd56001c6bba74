package mathanswer

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

type tokenKind byte

const (
	numberToken  tokenKind = iota // digits, perhaps with a point
	letterToken                   // one letter, or the name of a Greek one
	commandToken                  // what a backslash command means
	symbolToken                   // one character of ( ) [ ] { } + - * / ^ _ = < > , : ; ! | & ° % $ or a name below
	textToken                     // the content of \text{...}, or plain words
)

// Names of symbols that are commands in LaTeX. openSet and closeSet are \{ and
// \}, row is \\.
const (
	openSet  = `\{`
	closeSet = `\}`
	row      = `\\`
)

// A token of an answer. Spacing commands, sizes and dollar signs are no tokens.
type token struct {
	kind  tokenKind
	text  string
	space bool // white space stands before it
	comma bool // a number with plain commas between groups of three digits
}

func (t token) is(symbol string) bool { return t.kind == symbolToken && t.text == symbol }

// symbolFor gives commands that are other spellings of symbols.
var symbolFor = map[string]string{
	"cdot": "*", "times": "*", "ast": "*", "div": "/", "lt": "<", "gt": ">", "le": "≤", "leq": "≤", "leqslant": "≤",
	"ge": "≥", "geq": "≥", "geqslant": "≥", "circ": "°", "degree": "°", "lbrace": openSet, "rbrace": closeSet,
	"lvert": "|", "rvert": "|", "vert": "|", "colon": ":", "langle": "⟨", "rangle": "⟩", "cup": "∪", "pm": "±", "mp": "∓",
	"in": "∈", "lbrack": "[", "rbrack": "]", "infty": "∞",
	"{": openSet, "}": closeSet, "%": "%", "$": "$", "\\": row,
}

// signFor gives characters beyond ASCII that models write.
var signFor = map[rune]string{
	'−': "-", '–': "-", '×': "*", '·': "*", '⋅': "*", '÷': "/", '≤': "≤", '≥': "≥", '°': "°", '∪': "∪", '±': "±", '∓': "∓", '∈': "∈", '∞': "∞",
}

// noTokens are commands that only move or resize things.
var noTokens = []string{"left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "displaystyle", "textstyle", "quad", "qquad", "limits", "!", ",", ";", ":", " ", "(", ")", "[", "]"}

var (
	textCommands = []string{"text", "textbf", "textit", "textrm", "textnormal", "mbox", "mathrm", "rm", "hbox"}
	fractions    = []string{"frac", "dfrac", "tfrac", "cfrac"}
	functions    = []string{"sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "ln", "exp"}
	letterNames  = []string{"alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "zeta", "eta", "theta", "vartheta", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "varphi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Sigma", "Phi", "Psi", "Omega"}
	styles       = []string{"mathbf", "mathbb", "mathcal", "vec", "overline", "bar", "hat", "overrightarrow"}
	shortUnits   = []string{"cm", "mm", "km", "kg", "ft", "mph"}
)

// lexer cuts an answer into tokens. It gives up by setting failed.
type lexer struct {
	s      string
	out    []token
	depth  int // of brackets that lists can stand in
	space  bool
	failed bool
}

func tokenize(s string) ([]token, bool) {
	l := &lexer{s: s}
	for l.s != "" && !l.failed {
		l.next()
	}
	return l.out, !l.failed
}

func (l *lexer) emit(kind tokenKind, text string) {
	l.out = append(l.out, token{kind: kind, text: text, space: l.space})
	l.space = false
	if kind != symbolToken {
		return
	}
	switch text {
	case "(", "[", openSet, "⟨":
		l.depth++
	case ")", "]", closeSet, "⟩":
		l.depth--
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (l *lexer) next() {
	switch c := l.s[0]; {
	case strings.IndexByte(" \t\r\n~", c) >= 0:
		l.s, l.space = l.s[1:], true
	case c == '$':
		l.s = l.s[1:]
	case isDigit(c) || c == '.' && len(l.s) > 1 && isDigit(l.s[1]):
		l.number()
	case isLetter(c):
		l.word()
	case c == '\\':
		l.command()
	case strings.IndexByte("()[]{}+-*/^_=<>,:;!|&%", c) >= 0:
		l.s = l.s[1:]
		l.emit(symbolToken, string(c))
	default:
		l.unicode()
	}
}

func (l *lexer) unicode() {
	r, size := utf8.DecodeRuneInString(l.s)
	l.s = l.s[size:]
	switch {
	case r == 'π':
		l.emit(commandToken, "pi")
	case r == '√':
		l.emit(commandToken, "sqrt")
	case signFor[r] != "":
		l.emit(symbolToken, signFor[r])
	default:
		l.failed = true
	}
}

// Separators of groups of three digits: {,} and ,\! always are; a plain comma
// is one outside of brackets when the number starts with one to three digits.
var (
	digits     = regexp.MustCompile(`\A(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)`)
	sureGroup  = regexp.MustCompile(`\A(?:\{,\}|\s*,\s*\\!)\s*([0-9]{3})(?:[^0-9]|\z)`)
	plainGroup = regexp.MustCompile(`\A,([0-9]{3})(?:[^0-9]|\z)`)
	fraction   = regexp.MustCompile(`\A\.[0-9]+`)
)

func (l *lexer) number() {
	text := digits.FindString(l.s)
	l.s = l.s[len(text):]
	if !strings.Contains(text, ".") && strings.HasPrefix(l.s, `.\overline{`) {
		text, l.s = text+".", l.s[1:]
	}
	comma := false
	if !strings.Contains(text, ".") && len(text) <= 3 {
		text, comma = l.groups(text)
	}
	l.emit(numberToken, text)
	l.out[len(l.out)-1].comma = comma
}

func (l *lexer) groups(text string) (whole string, comma bool) {
	first := len(text)
	for {
		m := sureGroup.FindStringSubmatchIndex(l.s)
		if m == nil && l.depth == 0 {
			m = plainGroup.FindStringSubmatchIndex(l.s)
			comma = comma || m != nil
		}
		if m == nil {
			break
		}
		text += l.s[m[2]:m[3]]
		l.s = l.s[m[3]:]
	}
	if len(text) > first {
		rest := fraction.FindString(l.s)
		text, l.s = text+rest, l.s[len(rest):]
	}
	return text, comma
}

// word reads a run of letters: a name that everybody writes without a
// backslash, words of at least four letters, or single letters.
func (l *lexer) word() {
	n := 0
	for n < len(l.s) && isLetter(l.s[n]) {
		n++
	}
	run := l.s[:n]
	afterNumber := len(l.out) > 0 && l.out[len(l.out)-1].kind == numberToken
	switch {
	case run == "pi" || run == "sqrt" || slices.Contains(functions, run):
		l.s = l.s[n:]
		l.emit(commandToken, run)
	case run == "infinity" || run == "inf":
		l.s = l.s[n:]
		l.emit(symbolToken, "∞")
	case n >= 4 || run == "and" || run == "or" || afterNumber && slices.Contains(shortUnits, run):
		l.s = l.s[n:]
		l.emit(textToken, run)
	default:
		for i := range n {
			l.emit(letterToken, run[i:i+1])
		}
		l.s = l.s[n:]
	}
}

func (l *lexer) command() {
	n := 1
	for n < len(l.s) && isLetter(l.s[n]) {
		n++
	}
	if n == 1 {
		n = min(2, len(l.s))
	}
	name := l.s[1:n]
	l.s = l.s[n:]
	switch {
	case slices.Contains(noTokens, name):
		l.space = l.space || name != "!" && name != "left" && name != "right"
	case symbolFor[name] != "":
		l.emit(symbolToken, symbolFor[name])
	case slices.Contains(textCommands, name):
		l.emit(textToken, l.group())
	case name == "begin" || name == "end":
		l.emit(commandToken, name+" "+l.group())
	case slices.Contains(styles, name):
		l.emit(letterToken, `\`+name+" "+l.group())
	case slices.Contains(fractions, name):
		l.emit(commandToken, "frac")
	case slices.Contains(letterNames, name):
		l.emit(letterToken, name)
	case name == "pi" || name == "sqrt" || name == "binom" || name == "dbinom" || slices.Contains(functions, name):
		l.emit(commandToken, strings.TrimPrefix(name, "d"))
	default:
		l.failed = true
	}
}

// group reads {...} as it is.
func (l *lexer) group() string {
	rest := strings.TrimLeft(l.s, " ")
	if !strings.HasPrefix(rest, "{") {
		l.failed = true
		return ""
	}
	depth := 0
	for i := range len(rest) {
		switch rest[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				l.s = rest[i+1:]
				return rest[1:i]
			}
		}
	}
	l.failed = true
	return ""
}
