package jinja

// kind is the class of a token; operators and brackets are all kindOp, told apart by their text.
type kind int

const (
	kindEOF kind = iota
	kindData
	kindVariableBegin
	kindVariableEnd
	kindBlockBegin
	kindBlockEnd
	kindName
	kindString
	kindInteger
	kindFloat
	kindOp
)

type token struct {
	kind kind
	text string // data, name, operator, or the digits of a number; strings are already unescaped
	line int
}

func (t token) String() string {
	switch t.kind {
	case kindEOF:
		return "end of template"
	case kindData:
		return "template data"
	case kindVariableBegin:
		return "begin of print statement"
	case kindVariableEnd:
		return "end of print statement"
	case kindBlockBegin:
		return "begin of statement block"
	case kindBlockEnd:
		return "end of statement block"
	case kindString:
		return "string"
	}
	return "'" + t.text + "'"
}
