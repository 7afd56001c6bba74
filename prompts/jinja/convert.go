package jinja

import (
	"errors"
	"fmt"
	"math/big"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/llamaeval/llamaeval/tasks/py"
)

// typeName names v in messages.
func typeName(v py.Value) string { return py.TypeName(v) }

// str is str(v), which fails for undefined values in strict mode.
func (it *interp) str(v py.Value) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case *undefined:
		return "", v.use(it)
	case int64, bool, float64, nil:
		return py.Str(v), nil
	}
	if err := it.weigh(v); err != nil {
		return "", err
	}
	return py.Str(v), nil
}

// usable returns an error if v is undefined and the mode is strict.
func (it *interp) usable(v py.Value) error {
	if u, ok := v.(*undefined); ok {
		return u.use(it)
	}
	return nil
}

func (it *interp) truth(v py.Value) (bool, error) {
	switch v := v.(type) {
	case *undefined:
		return false, v.use(it)
	case *view:
		return len(v.items) > 0, nil
	}
	return py.Truth(v), nil
}

// iterate returns the items of an iterable; a generator is empty afterwards.
func (it *interp) iterate(v py.Value) ([]py.Value, error) {
	switch v := v.(type) {
	case []any:
		return v, it.step(len(v))
	case py.Tuple:
		return v, it.step(len(v))
	case *view:
		return v.items, it.step(len(v.items))
	case *group:
		return []py.Value{v.grouper, v.list}, nil
	case *generator:
		items := v.items
		v.items = nil
		return items, it.step(len(items))
	case *py.Dict:
		return v.Keys(), it.step(v.Len())
	case string:
		return it.characters(v)
	case *undefined:
		return nil, v.use(it)
	}
	return nil, fmt.Errorf("'%s' object is not iterable", typeName(v))
}

func (it *interp) characters(s string) ([]py.Value, error) {
	if err := it.grow(listItemSize * utf8.RuneCountInString(s)); err != nil {
		return nil, err
	}
	out := []py.Value{}
	for _, r := range s {
		out = append(out, string(r))
	}
	return out, it.step(len(out))
}

func (it *interp) length(v py.Value) (int, error) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), nil
	case []any:
		return len(v), nil
	case py.Tuple:
		return len(v), nil
	case *py.Dict:
		return v.Len(), nil
	case *view:
		return len(v.items), nil
	case *group:
		return 2, nil
	case *undefined:
		return 0, v.use(it)
	}
	return 0, fmt.Errorf("object of type '%s' has no len()", typeName(v))
}

func (it *interp) equal(a, b py.Value) (bool, error) {
	ua, aUndefined := a.(*undefined)
	ub, bUndefined := b.(*undefined)
	if aUndefined || bUndefined {
		for _, u := range []*undefined{ua, ub} {
			if u == nil {
				continue
			}
			if err := u.use(it); err != nil {
				return false, err
			}
		}
		return aUndefined && bUndefined, nil
	}
	if ga, ok := a.(*group); ok {
		a = py.Tuple{ga.grouper, ga.list}
	}
	if gb, ok := b.(*group); ok {
		b = py.Tuple{gb.grouper, gb.list}
	}
	if err := it.weighBoth(a, b); err != nil {
		return false, err
	}
	return py.Equal(a, b), nil
}

// weighBoth weighs two values that are about to be compared; scalars cost nothing.
func (it *interp) weighBoth(a, b py.Value) error {
	for _, v := range []py.Value{a, b} {
		switch v.(type) {
		case []any, py.Tuple, *py.Dict:
			if err := it.weigh(v); err != nil {
				return err
			}
		}
	}
	return nil
}

func (it *interp) compare(a, b py.Value) (int, error) {
	for _, v := range []py.Value{a, b} {
		if u, ok := v.(*undefined); ok {
			return 0, u.err()
		}
	}
	if err := it.weighBoth(a, b); err != nil {
		return 0, err
	}
	return py.Compare(a, b)
}

// contains is item in container.
func (it *interp) contains(container, item py.Value) (bool, error) {
	switch c := container.(type) {
	case string:
		s, ok := item.(string)
		if !ok {
			if err := it.usable(item); err != nil {
				return false, err
			}
			return false, fmt.Errorf("'in <string>' requires string as left operand, not %s", typeName(item))
		}
		return strings.Contains(c, s), it.step(len(c) / 1024)
	case *py.Dict:
		if err := it.usable(item); err != nil {
			return false, err
		}
		if err := it.weigh(item); err != nil {
			return false, err
		}
		if err := py.Hashable(item); err != nil {
			return false, err
		}
		_, ok := c.Get(item)
		return ok, nil
	}
	items, err := it.iterate(container)
	if err != nil {
		return false, err
	}
	for _, have := range items {
		if same, err := it.equal(have, item); err != nil || same {
			return same, err
		}
	}
	return false, nil
}

// asciiDigits replaces the decimal digits of all scripts, which int() and float() accept, by 0 to 9.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf || !unicode.Is(unicode.Nd, r) {
			return r
		}
		zero := r // digits come in runs of ten from zero to nine
		for unicode.Is(unicode.Nd, zero-1) {
			zero--
		}
		return '0' + (r-zero)%10
	}, s)
}

// integer converts an index-like argument: int or bool.
func (it *interp) integer(v py.Value) (int64, error) {
	switch v := v.(type) {
	case int64:
		return v, nil
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case *big.Int:
		return 0, errors.New("integer too large")
	case *undefined:
		return 0, v.err()
	}
	return 0, fmt.Errorf("'%s' object cannot be interpreted as an integer", typeName(v))
}

// textArg returns an argument that must be text.
func (it *interp) textArg(a Args, i int, name, or string) (string, error) {
	v, ok := a.Get(i, name)
	if !ok {
		return or, nil
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case *undefined:
		return "", v.use(it)
	}
	return "", fmt.Errorf("argument '%s' must be str, not %s", name, typeName(v))
}

// intArg returns an argument that must be an integer, clipped to the size of an int32.
func (it *interp) intArg(a Args, i int, name string, or int) (int, error) {
	v, ok := a.Get(i, name)
	if !ok {
		return or, nil
	}
	n, err := it.integer(v)
	return int(max(min(n, 1<<31-1), -1<<31)), err
}

// boolArg returns the truth of an argument.
func (it *interp) boolArg(a Args, i int, name string, or bool) (bool, error) {
	v, ok := a.Get(i, name)
	if !ok {
		return or, nil
	}
	return it.truth(v)
}
