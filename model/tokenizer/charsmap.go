package tokenizer

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// charsmap is SentencePiece's precompiled_charsmap: a double-array trie
// (Aoe 1989, in the layout of darts-clone) from texts to offsets of what
// replaces them.
type charsmap struct {
	units []uint32
	texts string // each ends with a zero byte
}

// mostMapped is the longest text that a character may become, in bytes; NFKC
// makes 33 of one.
const mostMapped = 128

// readCharsmap reads the size of the trie in bytes, the trie and the texts.
func readCharsmap(b []byte) (*charsmap, error) {
	if len(b) == 0 {
		return nil, nil
	}
	size := uint32(0)
	if len(b) >= 4 {
		size = binary.LittleEndian.Uint32(b)
	}
	if size < 4 || size%4 != 0 || uint64(size) > uint64(len(b)-4) {
		return nil, fmt.Errorf("precompiled_charsmap: a trie of %d bytes in %d bytes", size, len(b))
	}
	m := &charsmap{units: make([]uint32, size/4), texts: string(b[4+size:])}
	for i := range m.units {
		m.units[i] = binary.LittleEndian.Uint32(b[4+4*i:])
	}
	for rest := m.texts; rest != ""; {
		text, after, _ := strings.Cut(rest, "\x00")
		if len(text) > mostMapped {
			return nil, fmt.Errorf("precompiled_charsmap: a replacement of %d bytes, at most %d are possible", len(text), mostMapped)
		}
		rest = after
	}
	return m, nil
}

// longest returns what the longest known start of text becomes, and its
// length, 0 if none is known.
func (m *charsmap) longest(text string) (to string, length int) {
	at := uint32(0)
	at ^= offsetOf(m.units[0])
	found := uint32(0)
	for i := range len(text) {
		at ^= uint32(text[i])
		if int64(at) >= int64(len(m.units)) {
			break
		}
		unit := m.units[at]
		if unit&(1<<31|0xff) != uint32(text[i]) {
			break
		}
		at ^= offsetOf(unit)
		if unit>>8&1 == 1 && int64(at) < int64(len(m.units)) {
			found, length = m.units[at]&(1<<31-1), i+1
		}
	}
	if length == 0 || int64(found) >= int64(len(m.texts)) {
		return "", 0
	}
	to, _, _ = strings.Cut(m.texts[found:], "\x00")
	return to, length
}

func offsetOf(unit uint32) uint32 { return unit >> 10 << (unit & (1 << 9) >> 6) }
