package tokenizer

import (
	"hash/maphash"
	"strings"
	"sync"
)

// Text repeats its words, so the ids of recent ones are kept. The limits bound
// the cache at about 10 MB whatever is encoded.
const (
	cacheShards   = 16
	wordsPerShard = 2048
	longestCached = 64 // bytes
)

// wordCache maps words to their ids. It is split into shards so that
// goroutines seldom wait for each other.
type wordCache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	sync.RWMutex
	ids map[string][]int32
}

func newWordCache() *wordCache {
	c := &wordCache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].ids = make(map[string][]int32)
	}
	return c
}

func (c *wordCache) shard(word string) *cacheShard {
	return &c.shards[maphash.String(c.seed, word)%cacheShards]
}

// appendIDs appends the ids of word to dst if it is in the cache.
func (c *wordCache) appendIDs(dst []int32, word string) ([]int32, bool) {
	if len(word) > longestCached {
		return dst, false
	}
	s := c.shard(word)
	s.RLock()
	defer s.RUnlock()
	ids, ok := s.ids[word]
	return append(dst, ids...), ok
}

// add keeps the ids of word. A full shard is emptied first: the frequent words
// are back soon.
func (c *wordCache) add(word string, ids []int32) {
	if len(word) > longestCached {
		return
	}
	s := c.shard(word)
	s.Lock()
	defer s.Unlock()
	if len(s.ids) >= wordsPerShard {
		clear(s.ids)
	}
	// Copies: word is part of a text, ids of a result that the caller owns.
	s.ids[strings.Clone(word)] = append([]int32(nil), ids...)
}
