// Package py holds Python values and the parts of Python's data model that benchmark definitions depend on.
//
// Task files written for the Python harness are full of it without saying so: prompts print repr() of lists, document
// hashes are taken over json.dumps output, targets are read back with ast.literal_eval, few-shot pools are compared
// with ==, and answers are cleaned with str methods. Values are plain Go types: nil, bool, int64, *big.Int (only
// outside the int64 range), float64, string, []any (list), Tuple and *Dict.
package py

import (
	"fmt"
	"math/big"
)

// Value is one Python object: nil (None), bool, int64, *big.Int, float64, string, []any (list), Tuple or *Dict.
type Value = any

// Tuple is a Python tuple; a list is a plain []any.
type Tuple []Value

// Typed lets types of other packages (a template's namespace, say) name themselves in error messages.
// If such a type is also a fmt.Stringer, Str and Repr use its String method.
type Typed interface{ TypeName() string }

// TypeName returns the name of v's class as Python's type(v).__name__ gives it.
func TypeName(v Value) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case []any:
		return "list"
	case Tuple:
		return "tuple"
	case *Dict:
		return "dict"
	case Typed:
		return v.TypeName()
	}
	return fmt.Sprintf("%T", v)
}

// Truth reports bool(v): false for None, zero numbers and empty containers.
func Truth(v Value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case *big.Int:
		return v.Sign() != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case Tuple:
		return len(v) > 0
	case *Dict:
		return v.Len() > 0
	}
	return true
}

// Int returns the shortest Value for n: an int64 where it fits.
func Int(n *big.Int) Value {
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}
