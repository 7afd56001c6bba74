//go:build cuda && linux

package cuda

import "github.com/llamaeval/llamaeval/kernels/cuda/driver"

// ferryBytes is the size of each of the two buffers that weights go through.
const ferryBytes = 4 << 20

// ferry brings weights to the device through pinned memory: while one buffer
// is on its way the other is filled. It takes that memory when first used.
type ferry struct {
	device  *driver.Device
	buffers [2][]byte
	sent    [2]*driver.Event // when a buffer's content had arrived
	next    int
}

func (f *ferry) prepare() error {
	for i := range f.buffers {
		var err error
		if f.buffers[i] != nil {
			continue
		}
		if f.sent[i], err = f.device.Event(); err != nil {
			return err
		}
		if f.buffers[i], err = f.device.Pinned(ferryBytes); err != nil {
			return err
		}
	}
	return nil
}

// carry queues the copy of blocks of so many bytes, padded as l says. data can
// be forgotten when it returns.
func (f *ferry) carry(s *driver.Stream, dst driver.Pointer, data []byte, block int, l layout) error {
	if err := f.prepare(); err != nil {
		return err
	}
	padded := block + l.pad
	for len(data) > 0 {
		buffer, sent := f.buffers[f.next], f.sent[f.next]
		f.next = 1 - f.next
		if err := sent.Wait(); err != nil {
			return err
		}
		blocks := min(len(data)/block, ferryBytes/padded)
		pad(buffer, data[:blocks*block], block, l)
		if err := s.Upload(dst, buffer[:blocks*padded]); err != nil {
			return err
		}
		if err := s.Record(sent); err != nil {
			return err
		}
		data, dst = data[blocks*block:], dst+driver.Pointer(blocks*padded)
	}
	return nil
}

// pad copies blocks and puts zeros into each before byte l.at.
func pad(dst, blocks []byte, block int, l layout) {
	if l.pad == 0 {
		copy(dst, blocks)
		return
	}
	for ; len(blocks) >= block; blocks = blocks[block:] {
		copy(dst, blocks[:l.at])
		clear(dst[l.at : l.at+l.pad])
		copy(dst[l.at+l.pad:], blocks[l.at:block])
		dst = dst[block+l.pad:]
	}
}
