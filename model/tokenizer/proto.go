package tokenizer

import (
	"encoding/binary"
	"fmt"
	"math"
)

// fields calls f with each field of a protocol buffer message: its number and
// its value, the bytes of one with a length, the bits of any other.
func fields(b []byte, f func(number uint64, bits uint64, bytes []byte) error) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 {
			return fmt.Errorf("a field ends early, the file is cut or no SentencePiece model")
		}
		b = b[n:]
		var bits uint64
		var bytes []byte
		switch key & 7 {
		case 0:
			bits, n = binary.Uvarint(b)
		case 1:
			if n = 8; len(b) >= n {
				bits = binary.LittleEndian.Uint64(b)
			}
		case 2:
			var size uint64
			size, n = binary.Uvarint(b)
			if n > 0 && size <= uint64(len(b)-n) {
				bytes = b[n : n+int(size)]
				n += int(size)
			} else {
				n = 0
			}
		case 5:
			if n = 4; len(b) >= n {
				bits = uint64(binary.LittleEndian.Uint32(b))
			}
		default:
			return fmt.Errorf("field %d has the wire type %d, this is no SentencePiece model", key>>3, key&7)
		}
		if n <= 0 || n > len(b) {
			return fmt.Errorf("field %d ends early, the file is cut or no SentencePiece model", key>>3)
		}
		b = b[n:]
		if err := f(key>>3, bits, bytes); err != nil {
			return err
		}
	}
	return nil
}

// modelTypes are the names of TrainerSpec.model_type.
var modelTypes = map[uint64]string{1: "unigram", 2: "bpe", 3: "word", 4: "char"}

// readPieces reads a ModelProto (sentencepiece_model.proto).
func readPieces(data []byte) (*spModel, error) {
	p := &spModel{
		vocabulary: Vocabulary{BOS: 1, EOS: 2, EOT: -1},
		norm:       spNormalizer{dummyPrefix: true, squeeze: true, escape: true},
		surface:    " \u2047 ",
	}
	kind := uint64(1)
	err := fields(data, func(number, _ uint64, b []byte) error {
		switch number {
		case 1:
			return p.piece(b)
		case 2:
			return p.trainer(b, &kind)
		case 3:
			return p.normalizer(b)
		case 5:
			return refuseDenormalizer(b)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if kind != 2 {
		return nil, fmt.Errorf("the model type is %s, only bpe is read; use a checkpoint with a BPE tokenizer", typeName(kind))
	}
	for _, id := range []*int32{&p.vocabulary.BOS, &p.vocabulary.EOS} {
		if int(*id) >= len(p.vocabulary.Tokens) || *id >= 0 && p.vocabulary.kind(*id) != Control {
			*id = -1
		}
	}
	return p, nil
}

func typeName(kind uint64) string {
	if name, ok := modelTypes[kind]; ok {
		return name
	}
	return fmt.Sprint(kind)
}

func (p *spModel) piece(b []byte) error {
	text, score, kind := "", float32(0), uint64(Normal)
	err := fields(b, func(number, bits uint64, b []byte) error {
		switch number {
		case 1:
			text = string(b)
		case 2:
			score = math.Float32frombits(uint32(bits))
		case 3:
			kind = bits
		}
		return nil
	})
	id := len(p.vocabulary.Tokens)
	if err == nil && (kind < uint64(Normal) || kind > uint64(Byte)) {
		err = fmt.Errorf("piece %d has the type %d, want 1 to 6", id, kind)
	}
	if err == nil && text == "" {
		err = fmt.Errorf("piece %d is empty", id)
	}
	p.vocabulary.Tokens = append(p.vocabulary.Tokens, text)
	p.vocabulary.Kinds = append(p.vocabulary.Kinds, Kind(kind))
	p.scores = append(p.scores, score)
	return err
}

func (p *spModel) trainer(b []byte, kind *uint64) error {
	return fields(b, func(number, bits uint64, b []byte) error {
		switch number {
		case 3:
			*kind = bits
		case 24:
			if bits != 0 {
				return fmt.Errorf("treat_whitespace_as_suffix is set, which is not supported")
			}
		case 41:
			p.vocabulary.BOS = int32(max(-1, min(int64(bits), math.MaxInt32)))
		case 42:
			p.vocabulary.EOS = int32(max(-1, min(int64(bits), math.MaxInt32)))
		case 44:
			p.surface = string(b)
		}
		return nil
	})
}

func (p *spModel) normalizer(b []byte) error {
	return fields(b, func(number, bits uint64, b []byte) (err error) {
		switch number {
		case 2:
			p.norm.rules, err = readCharsmap(b)
		case 3:
			p.norm.dummyPrefix = bits != 0
		case 4:
			p.norm.squeeze = bits != 0
		case 5:
			p.norm.escape = bits != 0
		}
		return err
	})
}

func refuseDenormalizer(b []byte) error {
	return fields(b, func(number, _ uint64, b []byte) error {
		if number == 2 && len(b) > 0 {
			return fmt.Errorf("it has a denormalizer, which is not supported")
		}
		return nil
	})
}
