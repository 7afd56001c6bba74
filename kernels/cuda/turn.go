//go:build cuda && linux

package cuda

import "github.com/llamaeval/llamaeval/kernels"

// turn is a rotation that has not been queued yet: if what comes next stores
// the keys that it turns, one kernel does both, and the queries' rotation too.
type turn struct {
	matrix *matrix
	args   rotateArgs
}

// Rotate is ref.Rotate or ref.RotateHalves of each head.
func (b *Backend) Rotate(x kernels.Matrix, rows, heads int, table kernels.Matrix, halves bool) {
	b.multiplied()
	m, angles := x.(*matrix), table.(*matrix)
	if len(b.turns) == 2 || len(b.turns) == 1 && b.turns[0].matrix == m {
		b.turned()
	}
	t := turn{m, rotateArgs{
		x: b.at(m), table: b.at(angles),
		rows: int32(b.padded(rows)), heads: int32(heads), width: int32(m.cols / heads), turned: int32(angles.cols / 2),
	}}
	if halves {
		t.args.halves = 1
	}
	b.turns = append(b.turns, t)
}

// turned queues the rotations that wait.
func (b *Backend) turned() {
	turns := b.turns
	b.turns = nil
	for _, t := range turns {
		args := t.args // by itself, for C
		launch(b, b.set.rotate, int(args.rows), 1, 1, &args)
	}
}

// storeTurned stores keys and values with the rotations that wait, if the
// keys' is among them. The turned keys are in the cache alone.
func (b *Backend) storeTurned(c *cache, p *placed, layer int, k, v *matrix) bool {
	b.multiplied()
	var keys, queries *turn
	for i := range b.turns {
		switch t := &b.turns[i]; t.matrix {
		case k:
			keys = t
		case v:
			return false
		default:
			queries = t
		}
	}
	if keys == nil || int(keys.args.rows) != p.rows || int(keys.args.heads) != c.shape.KVHeads {
		return false
	}
	args := turnArgs{
		cache: c.args(layer), keys: keys.args.x, values: b.at(v), table: keys.args.table,
		slots: uint64(p.slots), rows: int32(p.rows), turned: keys.args.turned, halves: keys.args.halves,
	}
	if queries != nil {
		if q := queries.args; q.table != args.table || q.rows != args.rows || q.width != keys.args.width || q.halves != args.halves {
			return false
		}
		args.query, args.heads = queries.args.x, queries.args.heads
	}
	b.turns, k.stale = nil, true
	kernel := b.set.storeTurned
	if c.half {
		kernel = b.set.storeTurnedBF16
	}
	launch(b, kernel, p.rows, 1, 1, &args)
	return true
}
