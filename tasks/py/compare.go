package py

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
)

// ErrUnordered is returned by Compare when NaN takes part: neither value is less than the other, nor are they equal.
var ErrUnordered = errors.New("values are unordered: one of them is nan")

// Equal reports a == b as Python defines it: numbers (and bools) compare by value across types, containers compare
// element by element, dicts without regard to order, and values of different kinds are unequal.
func Equal(a, b Value) bool {
	if isNumber(a) && isNumber(b) {
		c, err := compareNumbers(a, b)
		return err == nil && c == 0
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		b, ok := b.(string)
		return ok && a == b
	case []any:
		b, ok := b.([]any)
		return ok && equalItems(a, b)
	case Tuple:
		b, ok := b.(Tuple)
		return ok && equalItems(a, b)
	case *Dict:
		b, ok := b.(*Dict)
		return ok && equalDicts(a, b)
	}
	switch b.(type) { // comparing these with == would panic or can never be true
	case []any, Tuple, *Dict, nil, string:
		return false
	}
	return a == b
}

func equalItems(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalDicts(a, b *Dict) bool {
	if a.Len() != b.Len() {
		return false
	}
	for k, v := range a.All() {
		w, ok := b.Get(k)
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}

// Compare orders a against b as Python's < does: -1, 0 or +1. Numbers, strings (by code point), lists and tuples
// have an order; anything else is Python's TypeError, and NaN is ErrUnordered.
func Compare(a, b Value) (int, error) {
	if isNumber(a) && isNumber(b) {
		return compareNumbers(a, b)
	}
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b), nil
		}
	case []any:
		if b, ok := b.([]any); ok {
			return compareItems(a, b)
		}
	case Tuple:
		if b, ok := b.(Tuple); ok {
			return compareItems(a, b)
		}
	}
	return 0, fmt.Errorf("'<' not supported between instances of '%s' and '%s'", TypeName(a), TypeName(b))
}

// compareItems is Python's rule for sequences: the first unequal pair decides, then the length.
func compareItems(a, b []Value) (int, error) {
	for i := range min(len(a), len(b)) {
		if !Equal(a[i], b[i]) {
			return Compare(a[i], b[i])
		}
	}
	switch {
	case len(a) < len(b):
		return -1, nil
	case len(a) > len(b):
		return 1, nil
	}
	return 0, nil
}

func isNumber(v Value) bool {
	switch v.(type) {
	case bool, int64, *big.Int, float64:
		return true
	}
	return false
}

// compareNumbers is exact: Python never rounds an int to a float in order to compare it.
func compareNumbers(a, b Value) (int, error) {
	af, aIsFloat := a.(float64)
	bf, bIsFloat := b.(float64)
	switch {
	case math.IsNaN(af) || math.IsNaN(bf):
		return 0, ErrUnordered
	case aIsFloat && bIsFloat:
		return compareFloats(af, bf), nil
	case aIsFloat:
		return -compareIntFloat(b, af), nil
	case bIsFloat:
		return compareIntFloat(a, bf), nil
	}
	ai, aSmall := smallInt(a)
	bi, bSmall := smallInt(b)
	if aSmall && bSmall {
		switch {
		case ai < bi:
			return -1, nil
		case ai > bi:
			return 1, nil
		}
		return 0, nil
	}
	return bigInt(a).Cmp(bigInt(b)), nil
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func compareIntFloat(n Value, f float64) int {
	if math.IsInf(f, 0) {
		return compareFloats(0, f)
	}
	if i, ok := smallInt(n); ok && i > -1<<53 && i < 1<<53 {
		return compareFloats(float64(i), f)
	}
	return new(big.Float).SetInt(bigInt(n)).Cmp(big.NewFloat(f))
}

// smallInt returns the int64 of a bool or int64.
func smallInt(v Value) (int64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case int64:
		return v, true
	}
	return 0, false
}

// bigInt widens an integer value (bool, int64, *big.Int).
func bigInt(v Value) *big.Int {
	if i, ok := smallInt(v); ok {
		return big.NewInt(i)
	}
	return v.(*big.Int)
}
