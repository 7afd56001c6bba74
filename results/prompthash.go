package results

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
)

// PromptHash returns the SHA-256, hex, of everything that was sent: for each
// of the two lists its number of texts, then each text after its length in
// bytes, numbers as 8 bytes little-endian. The lengths keep ("a","bc") and
// ("ab","c") apart.
func PromptHash(contexts, continuations []string) string {
	h := sha256.New()
	number := func(n int) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(n))
		h.Write(b[:])
	}
	for _, list := range [][]string{contexts, continuations} {
		number(len(list))
		for _, s := range list {
			number(len(s))
			h.Write([]byte(s))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
