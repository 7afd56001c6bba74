package tokenizer

import "unicode/utf8"

// Byte-level vocabularies spell every byte as a visible character: printable
// Latin-1 bytes stand for themselves, the others follow from U+0100 on
// (bytes_to_unicode of GPT-2's encoder.py). So a blank is spelled "Ġ".

// alphabet[b] is the character that spells byte b.
var alphabet = spellBytes()

// alphabetEnd is one past the last character of the alphabet.
const alphabetEnd = 0x100 + 68

func spellBytes() (chars [256]rune) {
	next := rune(0x100)
	for b := range chars {
		if '!' <= b && b <= '~' || 0xa1 <= b && b <= 0xac || 0xae <= b {
			chars[b] = rune(b)
		} else {
			chars[b] = next
			next++
		}
	}
	return chars
}

// byteOf[c] is the byte that character c spells, or -1.
var byteOf = invertAlphabet()

func invertAlphabet() (bytes [alphabetEnd]int16) {
	for c := range bytes {
		bytes[c] = -1
	}
	for b, c := range alphabet {
		bytes[c] = int16(b)
	}
	return bytes
}

// spell appends the spelling of the bytes in s to dst.
func spell(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = utf8.AppendRune(dst, alphabet[s[i]])
	}
	return dst
}

// unspell appends the bytes that token spells to dst. A token with a character
// outside the alphabet spells itself.
func unspell(dst []byte, token string) []byte {
	start := len(dst)
	for _, c := range token {
		if c >= alphabetEnd || byteOf[c] < 0 {
			return append(dst[:start], token...)
		}
		dst = append(dst, byte(byteOf[c]))
	}
	return dst
}
