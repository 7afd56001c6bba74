package model

import (
	"fmt"

	"github.com/llamaeval/llamaeval/kernels"
)

// PageTokens is how many positions a page of the KV cache holds.
const PageTokens = kernels.PageTokens

// PageID names a page of one KV.
type PageID = int32

// NoPage stands in a segment's pages for one that nothing sees any more, see
// Config.Unseen.
const NoPage PageID = -1

// KV is a pool of pages. A page holds keys and values of PageTokens
// consecutive absolute positions, for all layers. Sequences with a common
// beginning share its pages; counts say how many owners a page has. On the
// host memory is taken when a page is first used; it is kept until Close.
//
// A KV is used by one goroutine at a time.
type KV struct {
	cache  kernels.Cache
	owners []int32
	free   []PageID // the next to give out last
}

// NewKV returns an empty pool of up to that many pages. The error is a
// kernels.ErrMemory where a device has no room for them.
func (m *Model) NewKV(pages int) (*KV, error) {
	cache, err := m.backend.NewCache(m.cacheShape(), pages)
	if err != nil {
		return nil, err
	}
	kv := &KV{
		cache:  cache,
		owners: make([]int32, pages),
		free:   make([]PageID, pages),
	}
	for i := range kv.free {
		kv.free[i] = PageID(pages - 1 - i)
	}
	return kv, nil
}

// PageBytes returns the memory that one page of this model takes.
func (m *Model) PageBytes() int { return m.backend.PageBytes(m.cacheShape()) }

func (m *Model) cacheShape() kernels.CacheShape {
	c := &m.config
	return kernels.CacheShape{Layers: c.Layers, Heads: c.Heads, KVHeads: c.KVHeads, HeadDim: c.HeadDim}
}

// Free returns how many pages can still be had.
func (kv *KV) Free() int { return len(kv.free) }

// Alloc gives out a page with one owner, or false if none is left. What the
// page holds is undefined until Forward or CopyRows has written it.
func (kv *KV) Alloc() (PageID, bool) {
	if len(kv.free) == 0 {
		return 0, false
	}
	p := kv.free[len(kv.free)-1]
	kv.free = kv.free[:len(kv.free)-1]
	kv.owners[p] = 1
	return p, true
}

// Retain adds an owner.
func (kv *KV) Retain(p PageID) {
	kv.mustOwn(p)
	kv.owners[p]++
}

// Release takes an owner away; without any the page can be given out again.
func (kv *KV) Release(p PageID) {
	kv.mustOwn(p)
	if kv.owners[p]--; kv.owners[p] == 0 {
		kv.free = append(kv.free, p)
	}
}

// CopyRows copies the first rows positions of page src to page dst: a sequence
// that branches off inside a page needs a page of its own from there.
func (kv *KV) CopyRows(dst, src PageID, rows int) {
	kv.mustOwn(dst)
	kv.mustOwn(src)
	kv.cache.CopyRows(dst, src, rows)
}

// Close gives the memory back. The pool must not be used afterwards.
func (kv *KV) Close() error { return kv.cache.Close() }

func (kv *KV) mustOwn(p PageID) {
	if kv.owners[p] <= 0 {
		panic(fmt.Sprintf("model: page %d is nobody's", p))
	}
}
