package py

import (
	"errors"
	"fmt"
	"math"
	"math/big"
)

// maxIntBits bounds the size of an integer result; task files never need more, and hostile ones must not get it.
const maxIntBits = 1 << 14

// ErrZeroDivision is Python's ZeroDivisionError.
var ErrZeroDivision = errors.New("division by zero")

// Arith applies one of the binary operators + - * / // % ** to two numbers (bools count as ints). Integer results
// are exact up to a size limit.
func Arith(op string, a, b Value) (Value, error) {
	if !isNumber(a) || !isNumber(b) {
		return nil, fmt.Errorf("unsupported operand type(s) for %s: '%s' and '%s'", op, TypeName(a), TypeName(b))
	}
	_, aIsFloat := a.(float64)
	_, bIsFloat := b.(float64)
	if !aIsFloat && !bIsFloat {
		return intArith(op, bigInt(a), bigInt(b))
	}
	af, err := Float(a)
	if err != nil {
		return nil, err
	}
	bf, err := Float(b)
	if err != nil {
		return nil, err
	}
	return floatArith(op, af, bf)
}

// Neg is the unary minus.
func Neg(v Value) (Value, error) {
	switch v := v.(type) {
	case float64:
		return -v, nil
	case bool, int64, *big.Int:
		return Int(new(big.Int).Neg(bigInt(v))), nil
	}
	return nil, fmt.Errorf("bad operand type for unary -: '%s'", TypeName(v))
}

// Float converts a number to float64; an int out of range is Python's OverflowError.
func Float(v Value) (float64, error) {
	switch v := v.(type) {
	case float64:
		return v, nil
	case bool, int64:
		i, _ := smallInt(v)
		return float64(i), nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		if math.IsInf(f, 0) {
			return 0, errors.New("int too large to convert to float")
		}
		return f, nil
	}
	return 0, fmt.Errorf("must be real number, not %s", TypeName(v))
}

func intArith(op string, a, b *big.Int) (Value, error) {
	out := new(big.Int)
	switch op {
	case "+":
		out.Add(a, b)
	case "-":
		out.Sub(a, b)
	case "*":
		if a.BitLen()+b.BitLen() > maxIntBits {
			return nil, fmt.Errorf("integer result of more than %d bits", maxIntBits)
		}
		out.Mul(a, b)
	case "/":
		return intDivide(a, b)
	case "//", "%":
		if b.Sign() == 0 {
			return nil, ErrZeroDivision
		}
		quotient, rest := floorDivMod(a, b)
		if op == "%" {
			return Int(rest), nil
		}
		return Int(quotient), nil
	case "**":
		return intPower(a, b)
	default:
		return nil, fmt.Errorf("unknown operator %q", op)
	}
	return Int(out), nil
}

// floorDivMod rounds towards minus infinity, so the rest has the sign of the divisor.
func floorDivMod(a, b *big.Int) (quotient, rest *big.Int) {
	quotient, rest = new(big.Int).QuoRem(a, b, new(big.Int))
	if rest.Sign() != 0 && rest.Sign() != b.Sign() {
		quotient.Sub(quotient, big.NewInt(1))
		rest.Add(rest, b)
	}
	return quotient, rest
}

// intDivide rounds the exact quotient once, as Python's int / int does.
func intDivide(a, b *big.Int) (Value, error) {
	if b.Sign() == 0 {
		return nil, ErrZeroDivision
	}
	if a.Sign() == 0 && b.Sign() < 0 {
		return math.Copysign(0, -1), nil
	}
	f, _ := new(big.Rat).SetFrac(a, b).Float64()
	if math.IsInf(f, 0) {
		return nil, errors.New("integer division result too large for a float")
	}
	return f, nil
}

func intPower(a, b *big.Int) (Value, error) {
	if b.Sign() < 0 {
		af, err := Float(Int(a))
		if err != nil {
			return nil, err
		}
		bf, err := Float(Int(b))
		if err != nil {
			return nil, err
		}
		return floatArith("**", af, bf)
	}
	if a.BitLen() > 1 && (!b.IsInt64() || b.Int64() > maxIntBits || int64(a.BitLen())*b.Int64() > maxIntBits) {
		return nil, fmt.Errorf("integer result of more than %d bits", maxIntBits)
	}
	if a.BitLen() <= 1 { // 0, 1, -1: the exponent's parity and zero are all that matters
		b = new(big.Int).Add(big.NewInt(int64(b.Bit(0))), big.NewInt(2*int64(b.Sign())))
	}
	return Int(new(big.Int).Exp(a, b, nil)), nil
}

func floatArith(op string, a, b float64) (Value, error) {
	switch op {
	case "+":
		return a + b, nil
	case "-":
		return a - b, nil
	case "*":
		return a * b, nil
	case "/":
		if b == 0 {
			return nil, ErrZeroDivision
		}
		return a / b, nil
	case "//", "%":
		if b == 0 {
			return nil, ErrZeroDivision
		}
		quotient, rest := floatDivMod(a, b)
		if op == "%" {
			return rest, nil
		}
		return quotient, nil
	case "**":
		return floatPower(a, b)
	}
	return nil, fmt.Errorf("unknown operator %q", op)
}

// floatDivMod follows CPython's float_divmod (Objects/floatobject.c): the rest has the divisor's sign and the
// quotient is computed from it, then snapped to the nearest integer.
func floatDivMod(a, b float64) (quotient, rest float64) {
	rest = math.Mod(a, b)
	div := (a - rest) / b
	if rest != 0 {
		if (b < 0) != (rest < 0) {
			rest += b
			div--
		}
	} else {
		rest = math.Copysign(0, b)
	}
	if div == 0 {
		return math.Copysign(0, a/b), rest
	}
	quotient = math.Floor(div)
	if div-quotient > 0.5 {
		quotient++
	}
	return quotient, rest
}

func floatPower(a, b float64) (Value, error) {
	if a == 0 && b < 0 {
		return nil, errors.New("0.0 cannot be raised to a negative power")
	}
	if a < 0 && b != math.Trunc(b) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, errors.New("negative number cannot be raised to a fractional power: the result is complex")
	}
	f := power(a, b)
	if math.IsInf(f, 0) && !math.IsInf(a, 0) && !math.IsInf(b, 0) {
		return nil, errors.New("result too large for a float")
	}
	return f, nil
}

// power is math.Pow with correct rounding where exponents in task files are: at small multiples of one half. There
// math.Pow is off by several units in the last place, and C's pow, which Python calls, is not.
func power(a, b float64) float64 {
	if a == 0 || math.IsInf(a, 0) || math.IsNaN(a) || b == 0 || math.Abs(b) > 512 || 2*b != math.Trunc(2*b) {
		return math.Pow(a, b)
	}
	const precision = 256
	x := new(big.Float).SetPrec(precision).SetFloat64(a)
	n := int(math.Abs(b))
	out := new(big.Float).SetPrec(precision).SetInt64(1)
	if b != math.Trunc(b) {
		out.Sqrt(x)
	}
	for ; n > 0; n /= 2 {
		if n%2 == 1 {
			out.Mul(out, x)
		}
		x.Mul(x, x)
	}
	if b < 0 {
		out.Quo(big.NewFloat(1), out)
	}
	f, _ := out.Float64()
	return f
}
