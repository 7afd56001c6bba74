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

// Draws says that Score draws tokens.
func (b *Backend) Draws() {}

// Score streams the vocabulary; only summaries, the targets' logits, and rows
// that were asked for or are drawn from, go to memory. It waits for all that
// was queued, once.
func (b *Backend) Score(x kernels.Matrix, w kernels.Weight, limit float32, out []kernels.Logits) error {
	a, table := x.(*matrix), w.(*weight)
	rows := b.padded(len(out))
	if a.cols != table.cols || rows > a.rows {
		panic(fmt.Sprintf("cuda: %d rows of %dx%d times the transpose of %dx%d", rows, a.rows, a.cols, table.rows, table.cols))
	}
	b.queued()
	q := b.ask(table.rows, rows, out)
	chunks := ceilDiv(table.rows, ref.VocabularyChunk)
	args := scoreArgs{
		peaks: uint64(q.peaks),
		first: uint64(q.first), targets: uint64(q.targets), logits: uint64(q.logits), all: uint64(q.all),
		rows: int32(rows), k: int32(a.cols), vocabulary: int32(table.rows), kind: table.kind, limit: limit,
	}
	if b.fast {
		b.scoreFast(a, table, args)
	} else {
		args.x, args.weight = b.at(a), uint64(table.data)
		launch(b, b.set.score, ceilDiv(rows, scoreRows), chunks, 1, &args)
	}
	merge := mergeArgs{peaks: uint64(q.peaks), whole: uint64(q.whole), rows: int32(rows), chunks: int32(chunks)}
	launch(b, b.set.mergePeaks, ceilDiv(rows, mergeWarps), 1, 1, &merge)
	draws := drawsArgs{
		asked: uint64(q.asked), out: uint64(q.drawn), whole: uint64(q.whole), logits: uint64(q.all),
		count: int32(q.draws), vocabulary: int32(table.rows),
	}
	launch(b, b.set.draw, q.draws, 1, 1, &draws)
	return b.answer(q, out)
}

// scoreFast reads the weight as it is for few rows, like products do, and else
// goes through the vocabulary in slices where the weight is not bfloat16 and
// larger than the scratch memory.
func (b *Backend) scoreFast(x *matrix, table *weight, args scoreArgs) {
	args.half = b.narrowed(x, int(args.rows))
	if args.rows <= mostDirect && table.kind != kindBF16 {
		args.weight = uint64(table.data)
		launch(b, b.set.scoreDirect, ceilDiv(int(args.rows), directRows), ceilDiv(table.rows, ref.VocabularyChunk), 1, &args)
		return
	}
	most := table.mostNarrowed(ref.VocabularyChunk)
	for first := 0; first < table.rows; first += most {
		s := table.slice(first, min(most, table.rows-first))
		args.weight, args.chunk = b.narrowedWeights([]part{{weight: s}})[0], int32(first/ref.VocabularyChunk)
		launch(b, b.set.scoreBF16, ceilDiv(int(args.rows), scoreRowsBF16), ceilDiv(s.rows, ref.VocabularyChunk), 1, &args)
	}
}

// question is the arrays of one Score on the device.
type question struct {
	first, targets, asked driver.Pointer   // sent
	peaks                 driver.Pointer   // work
	whole, drawn, logits  driver.Pointer   // results, behind one another
	bytes                 int              // of results
	all                   driver.Pointer   // addresses of whole rows, or 0
	rows                  []driver.Pointer // whole rows that were asked for
	padded, draws         int              // rows and draws, rounded up
}

// ask sends what is wanted and finds room for the answers.
func (b *Backend) ask(vocabulary, rows int, out []kernels.Logits) question {
	first, targets, asked, whole := b.wanted(vocabulary, rows, out)
	chunks := ceilDiv(vocabulary, ref.VocabularyChunk)
	peak, drawn := int(unsafe.Sizeof(peakArgs{})), int(unsafe.Sizeof(drawnArgs{}))
	q := question{padded: rows, draws: len(asked)}
	q.bytes = rows*peak + q.draws*drawn + 4*len(targets)
	after := (q.bytes + 15) &^ 15
	room := b.work.take(b, after+rows*chunks*peak+4*whole*vocabulary)
	q.whole = room
	q.drawn = q.whole + driver.Pointer(rows*peak)
	q.logits = q.drawn + driver.Pointer(q.draws*drawn)
	q.peaks = room + driver.Pointer(after)
	room = q.peaks + driver.Pointer(rows*chunks*peak)
	var all []uint64 // where rows go
	if whole > 0 {
		all = make([]uint64, rows)
	}
	for i := range out {
		if out[i].All != nil || len(out[i].Draws) > 0 {
			all[i] = uint64(room)
			if out[i].All != nil {
				q.rows = append(q.rows, room)
			}
			room += driver.Pointer(4 * vocabulary)
		}
	}
	at := b.send(slices.Concat(bytesOf(all), bytesOf(asked), bytesOf(first), bytesOf(targets)))
	if whole > 0 {
		q.all = at
	}
	q.asked = at + driver.Pointer(len(bytesOf(all)))
	q.first = q.asked + driver.Pointer(len(bytesOf(asked)))
	q.targets = q.first + driver.Pointer(4*len(first))
	return q
}

// wanted lists targets, and where each row's begin, draws, and how many rows
// must be kept whole.
func (b *Backend) wanted(vocabulary, rows int, out []kernels.Logits) (first, targets []int32, asked []drawArgs, whole int) {
	for i := range out {
		first = append(first, int32(len(targets)))
		targets = append(targets, out[i].Targets...)
		for _, d := range out[i].Draws {
			asked = append(asked, drawArgs{mass: d.TopP, share: d.Share, row: int32(i), temperature: ref.DrawTemperature(d.Temperature)})
		}
		if out[i].All != nil && len(out[i].All) != vocabulary {
			panic(fmt.Sprintf("cuda: room for %d logits, there are %d", len(out[i].All), vocabulary))
		}
		if out[i].All != nil || len(out[i].Draws) > 0 {
			whole++
		}
	}
	first = padTo(first, rows+1, int32(len(targets)))
	return first, targets, padTo(asked, b.padded(len(asked)), drawArgs{row: -1}), whole
}

// answer waits and fills in what was asked.
func (b *Backend) answer(q question, out []kernels.Logits) error {
	b.flush(true)
	results := b.results.take(b, q.bytes)
	if b.err == nil {
		b.check(b.stream.Download(results, q.whole))
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
	whole := valuesOf[peakArgs](results, q.padded)
	drawn := valuesOf[drawnArgs](results[len(bytesOf(whole)):], q.draws)
	logits := slices.Clone(valuesOf[float32](results[len(bytesOf(whole))+len(bytesOf(drawn)):], (q.bytes-len(bytesOf(whole))-len(bytesOf(drawn)))/4))
	for i := range out {
		o, p := &out[i], whole[i]
		o.Max, o.Argmax = p.max, p.argmax
		o.LogSumExp = ref.Peak{Max: p.max, Argmax: p.argmax, Sum: p.sum}.LogSumExp()
		o.Target, logits = logits[:len(o.Targets):len(o.Targets)], logits[len(o.Targets):]
		for j := range o.Draws {
			o.Draws[j].Token, o.Draws[j].Logit = drawn[0].token, drawn[0].logit
			drawn = drawn[1:]
		}
	}
	return nil
}

// valuesOf returns the first n values that lie at the start of some bytes.
func valuesOf[T any](b []byte, n int) []T {
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), n)
}

// pinned is host memory that the device writes to by itself; it grows.
type pinned struct{ host []byte }

func (p *pinned) take(b *Backend, bytes int) []byte {
	if bytes > len(p.host) && b.err == nil {
		if p.host != nil {
			b.check(b.device.ReleasePinned(p.host))
		}
		var err error
		if p.host, err = b.device.Pinned(max(64<<10, powerOfTwo(bytes))); err != nil {
			b.check(err)
		}
	}
	return p.host[:min(bytes, len(p.host))]
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
		b.flush(false)
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
