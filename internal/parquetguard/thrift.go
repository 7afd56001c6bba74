package parquetguard

import (
	"encoding/binary"
	"errors"
)

// maxDepth is how deep thrift structures may nest; Parquet's go 7 deep.
const maxDepth = 32

var (
	errThrift = errors.New("the metadata is cut short or broken")
	errDeep   = errors.New("the metadata nests too deep")
)

// checkThrift walks one structure in thrift's compact protocol without
// allocating. The decoder trusts the lengths in it and recurses as deep as it
// nests, and a stack that overflows cannot be recovered.
// Source: apache/thrift, doc/specs/thrift-compact-protocol.md.
func checkThrift(data []byte) error {
	_, err := skipStruct(data, 0)
	return err
}

func skipStruct(b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	for {
		if len(b) == 0 {
			return nil, errThrift
		}
		kind, delta := b[0]&15, b[0]>>4
		b = b[1:]
		if kind == 0 {
			return b, nil
		}
		var err error
		if delta == 0 {
			if _, b, err = varint(b); err != nil {
				return nil, err
			}
		}
		if kind > 2 { // 1 and 2 are booleans within the field's header
			if b, err = skipValue(b, kind, depth); err != nil {
				return nil, err
			}
		}
	}
}

func skipValue(b []byte, kind byte, depth int) ([]byte, error) {
	switch kind {
	case 1, 2, 3: // booleans in lists, bytes
		return skipBytes(b, 1)
	case 4, 5, 6: // integers
		_, b, err := varint(b)
		return b, err
	case 7: // double
		return skipBytes(b, 8)
	case 8: // binary
		n, b, err := varint(b)
		if err != nil {
			return nil, err
		}
		return skipBytes(b, n)
	case 9, 10: // list, set
		return skipList(b, depth+1)
	case 12:
		return skipStruct(b, depth+1)
	}
	return nil, errThrift // Parquet has no maps
}

func skipBytes(b []byte, n uint64) ([]byte, error) {
	if n > uint64(len(b)) {
		return nil, errThrift
	}
	return b[n:], nil
}

func skipList(b []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, errDeep
	}
	if len(b) == 0 {
		return nil, errThrift
	}
	kind, n := b[0]&15, uint64(b[0]>>4)
	b = b[1:]
	var err error
	if n == 15 {
		if n, b, err = varint(b); err != nil {
			return nil, err
		}
	}
	if n > uint64(len(b)) { // every element takes a byte at least
		return nil, errThrift
	}
	for range n {
		if b, err = skipValue(b, kind, depth); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func varint(b []byte) (uint64, []byte, error) {
	n, width := binary.Uvarint(b)
	if width <= 0 {
		return 0, nil, errThrift
	}
	return n, b[width:], nil
}
