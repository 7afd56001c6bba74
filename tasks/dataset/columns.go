package dataset

import "github.com/llamaeval/llamaeval/tasks/py"

// shape is what the values of a column have in common. The datasets library
// (5.2) reads JSON into typed columns, which shows in prompts: numbers with a
// fraction among them are all floats, and the keys of objects stand in the
// order of the first. Columns of mixed types, and objects with different keys,
// it leaves as they are.
type shape struct {
	ints, floats bool
	others       bool     // values that are neither numbers nor None
	elem         *shape   // of lists
	fields       *py.Dict // of objects: key to *shape, in order
	uneven       bool     // objects differ in their keys
	reordered    bool     // objects differ in the order of their keys
}

// sameColumns gives all rows the same columns in the order in which they first
// appear, None where a row lacks one, and the values of a column one shape.
func sameColumns(docs []*py.Dict) []*py.Dict {
	all := new(shape)
	for _, d := range docs {
		all.add(d)
	}
	pad := all.uneven
	all.uneven = false // of whole rows, missing columns are filled
	if !pad && !all.changes() {
		return docs
	}
	out := make([]*py.Dict, len(docs))
	for i, d := range docs {
		out[i] = all.cast(d).(*py.Dict)
	}
	return out
}

func (s *shape) add(v py.Value) {
	switch v := v.(type) {
	case nil:
	case int64:
		s.ints = true
	case float64:
		s.floats = true
	case []any:
		s.others = true
		if s.elem == nil {
			s.elem = new(shape)
		}
		for _, item := range v {
			s.elem.add(item)
		}
	case *py.Dict:
		s.others = true
		s.addObject(v)
	default:
		s.others = true
	}
}

func (s *shape) addObject(d *py.Dict) {
	first := s.fields == nil
	if first {
		s.fields = py.NewDict()
	}
	keys, i := s.fields.Keys(), 0
	for k, v := range d.All() {
		field, known := s.fields.Get(k)
		if !known {
			field = new(shape)
			s.fields.Set(k, field)
			s.uneven = s.uneven || !first
		} else if i >= len(keys) || keys[i] != k {
			s.reordered = true
		}
		field.(*shape).add(v)
		i++
	}
	s.uneven = s.uneven || i < s.fields.Len()
}

// changes tells whether cast would change any value.
func (s *shape) changes() bool {
	switch {
	case s == nil || s.uneven:
		return false
	case s.reordered || s.mixedNumbers() || s.elem.changes():
		return true
	case s.fields != nil:
		for _, field := range s.fields.All() {
			if field.(*shape).changes() {
				return true
			}
		}
	}
	return false
}

func (s *shape) mixedNumbers() bool { return s.ints && s.floats && !s.others }

// cast returns the value in the column's shape.
func (s *shape) cast(v py.Value) py.Value {
	if s.uneven {
		return v
	}
	switch v := v.(type) {
	case int64:
		if s.mixedNumbers() {
			return float64(v)
		}
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = s.elem.cast(item)
		}
		return out
	case *py.Dict:
		out := py.NewDict()
		for k, field := range s.fields.All() {
			item, _ := v.Get(k)
			out.Set(k, field.(*shape).cast(item))
		}
		return out
	}
	return v
}
