package export

import (
	"bytes"
	"encoding/json"
)

// A field is a key of a JSON object and its value.
type field struct {
	key   string
	value any
}

// object writes fields in their order; the first of a name wins.
func object(fields []field) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	seen := map[string]bool{}
	b.WriteByte('{')
	for _, f := range fields {
		if seen[f.key] {
			continue
		}
		if len(seen) > 0 {
			b.WriteString(", ")
		}
		seen[f.key] = true
		for i, v := range []any{f.key, f.value} {
			if err := enc.Encode(v); err != nil {
				return nil, err
			}
			b.Truncate(b.Len() - 1) // the encoder's line break
			if i == 0 {
				b.WriteString(": ")
			}
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}
