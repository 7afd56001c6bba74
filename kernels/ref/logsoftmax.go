package ref

import "math"

// VocabularyChunk is how many logits log-softmax takes at a time, at multiples
// of it in the vocabulary.
const VocabularyChunk = 256

// A Peak summarises logits: the highest, where it first occurs, and the sum of
// exp(logit-Max) in float64.
type Peak struct {
	Max    float32
	Argmax int32
	Sum    float64
}

// ChunkPeak summarises one chunk whose first logit has vocabulary index first.
// Its sum has 8 lanes, logit i in lane i modulo 8, added by halves.
func ChunkPeak(logits []float32, first int) Peak {
	p := Peak{Max: float32(math.Inf(-1)), Argmax: int32(first)}
	for i, x := range logits {
		if x > p.Max {
			p.Max, p.Argmax = x, int32(first+i)
		}
	}
	var lanes [8]float64
	for i, x := range logits {
		lanes[i%8] += float64(Exp(x - p.Max))
	}
	for h := 4; h > 0; h /= 2 {
		for j := range h {
			lanes[j] += lanes[j+h]
		}
	}
	p.Sum = lanes[0]
	return p
}

// MergePeaks joins the chunks of a vocabulary, in order.
func MergePeaks(chunks []Peak) Peak {
	whole := Peak{Max: float32(math.Inf(-1))}
	for _, c := range chunks {
		if c.Max > whole.Max {
			whole.Max, whole.Argmax = c.Max, c.Argmax
		}
	}
	for _, c := range chunks {
		whole.Sum += float64(c.Sum * Exp64(float64(c.Max)-float64(whole.Max)))
	}
	return whole
}

// LogSumExp returns log Σ exp(logit). A token's log-probability is its logit
// minus this.
func (p Peak) LogSumExp() float64 { return float64(p.Max) + Log64(p.Sum) }

// LogSoftmax summarises a whole vocabulary's logits.
func LogSoftmax(logits []float32) Peak {
	var chunks []Peak
	for first := 0; first < len(logits); first += VocabularyChunk {
		end := min(first+VocabularyChunk, len(logits))
		chunks = append(chunks, ChunkPeak(logits[first:end], first))
	}
	return MergePeaks(chunks)
}
