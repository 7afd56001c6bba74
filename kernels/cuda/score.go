//go:build cuda && linux

package cuda

import (
	"fmt"
	"slices"
	"unsafe"

	"github.com/llamaeval/llamaeval/kernels"
	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
	"github.com/llamaeval/llamaeval/kernels/ref"
)

// Score streams the vocabulary; only summaries, the targets' logits and whole
// rows that were asked for go to memory. It waits for all that was queued.
func (b *Backend) Score(x kernels.Matrix, w kernels.Weight, limit float32, out []kernels.Logits) error {
	a, table := x.(*matrix), w.(*weight)
	if a.cols != table.cols || len(out) > a.rows {
		panic(fmt.Sprintf("cuda: %d rows of %dx%d times the transpose of %dx%d", len(out), a.rows, a.cols, table.rows, table.cols))
	}
	s := b.ask(table.rows, out)
	chunks := ceilDiv(table.rows, ref.VocabularyChunk)
	args := scoreArgs{
		peaks: uint64(s.peaks),
		first: uint64(s.first), targets: uint64(s.targets), logits: uint64(s.logits), all: uint64(s.all),
		rows: int32(len(out)), k: int32(a.cols), vocabulary: int32(table.rows), kind: table.kind, limit: limit,
	}
	if b.fast {
		b.scoreFast(a, table, args)
	} else {
		args.x, args.weight = b.at(a), uint64(table.data)
		b.launch(b.set.score, ceilDiv(len(out), scoreRows), chunks, 1, unsafe.Pointer(&args))
	}
	merge := mergeArgs{peaks: uint64(s.peaks), whole: uint64(s.whole), rows: int32(len(out)), chunks: int32(chunks)}
	b.launch(b.set.mergePeaks, ceilDiv(len(out), mergeWarps), 1, 1, unsafe.Pointer(&merge))
	return b.answer(s, out)
}

// scoreFast goes through the vocabulary in slices where the weight is not
// bfloat16 and larger than the scratch memory.
func (b *Backend) scoreFast(x *matrix, table *weight, args scoreArgs) {
	args.half = b.narrowed(x, int(args.rows))
	most := table.mostNarrowed(ref.VocabularyChunk)
	for first := 0; first < table.rows; first += most {
		s := table.slice(first, min(most, table.rows-first))
		args.weight, args.chunk = b.narrowedWeights([]part{{weight: s}})[0], int32(first/ref.VocabularyChunk)
		b.launch(b.set.scoreBF16, ceilDiv(int(args.rows), scoreRowsBF16), ceilDiv(s.rows, ref.VocabularyChunk), 1, unsafe.Pointer(&args))
	}
}

// question is the arrays of one Score on the device.
type question struct {
	first, targets driver.Pointer // sent
	peaks          driver.Pointer // work
	logits, whole  driver.Pointer // results
	all            driver.Pointer // addresses of whole rows, or 0
	rows           []driver.Pointer
	count          int // targets
}

// ask sends what is wanted and finds room for the answers.
func (b *Backend) ask(vocabulary int, out []kernels.Logits) question {
	var first, targets []int32
	whole := 0
	for i := range out {
		first = append(first, int32(len(targets)))
		targets = append(targets, out[i].Targets...)
		if out[i].All != nil {
			if len(out[i].All) != vocabulary {
				panic(fmt.Sprintf("cuda: room for %d logits, there are %d", len(out[i].All), vocabulary))
			}
			whole++
		}
	}
	first = append(first, int32(len(targets)))
	chunks := ceilDiv(vocabulary, ref.VocabularyChunk)
	peak := int(unsafe.Sizeof(peakArgs{}))
	room := b.work.take(b, len(out)*(chunks+1)*peak+4*len(targets)+4*whole*vocabulary+4)
	q := question{count: len(targets)}
	q.whole, room = room, room+driver.Pointer(len(out)*peak)
	q.peaks, room = room, room+driver.Pointer(len(out)*chunks*peak)
	q.logits, room = room, room+driver.Pointer(4*len(targets))
	var rows []uint64
	for i := range out {
		if whole == 0 {
			break
		}
		rows = append(rows, 0)
		if out[i].All != nil {
			rows[i] = uint64(room)
			q.rows = append(q.rows, room)
			room += driver.Pointer(4 * vocabulary)
		}
	}
	at := b.send(slices.Concat(bytesOf(rows), bytesOf(first), bytesOf(targets)))
	if whole > 0 {
		q.all = at
	}
	q.first = at + driver.Pointer(8*len(rows))
	q.targets = q.first + driver.Pointer(4*len(first))
	return q
}

// answer waits and fills in the summaries.
func (b *Backend) answer(q question, out []kernels.Logits) error {
	whole := make([]peakArgs, len(out))
	logits := make([]float32, q.count)
	if b.err == nil {
		b.check(b.stream.Download(bytesOf(whole), q.whole))
	}
	if b.err == nil {
		b.check(b.stream.Download(bytesOf(logits), q.logits))
	}
	for i := range out {
		if out[i].All != nil && b.err == nil {
			b.check(b.stream.Download(bytesOf(out[i].All), q.rows[0]))
			q.rows = q.rows[1:]
		}
	}
	if err := b.wait(); err != nil {
		return err
	}
	for i := range out {
		o, p := &out[i], whole[i]
		o.Max, o.Argmax = p.max, p.argmax
		o.LogSumExp = ref.Peak{Max: p.max, Argmax: p.argmax, Sum: p.sum}.LogSumExp()
		o.Target, logits = logits[:len(o.Targets):len(o.Targets)], logits[len(o.Targets):]
	}
	return nil
}

// work is memory of the device that grows to what was once needed.
type work struct {
	at    driver.Pointer
	bytes int
}

func (w *work) take(b *Backend, bytes int) driver.Pointer {
	if bytes <= w.bytes || b.err != nil {
		return w.at
	}
	if w.at != 0 {
		b.check(b.device.Release(w.at))
	}
	at, err := b.device.Alloc(int64(bytes))
	b.check(err)
	*w = work{at, bytes}
	if err != nil {
		*w = work{}
	}
	return w.at
}
