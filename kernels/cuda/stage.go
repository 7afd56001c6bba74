//go:build cuda && linux

package cuda

import (
	"errors"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// stageBytes is the size of a part of the stage. The first holds what a step of
// decoding sends; a step that sends more takes further parts, which are larger
// where one array is.
const stageBytes = 8 << 20

// stage is pinned host memory and its counterpart on the device, through which
// a step's small arrays are sent without a wait. It is empty again when the
// step has been waited for.
type stage struct {
	parts []stagePart
	now   int // the part that is being filled
	used  int // bytes of it
	sent  int // of these, bytes whose upload is queued
}

type stagePart struct {
	host   []byte
	device driver.Pointer
}

// grow adds a part of so many bytes.
func (s *stage) grow(d *driver.Device, bytes int) error {
	host, err := d.Pinned(bytes)
	if err != nil {
		return err
	}
	at, err := d.Alloc(int64(bytes))
	if err != nil {
		return errors.Join(err, d.ReleasePinned(host))
	}
	s.parts = append(s.parts, stagePart{host, at})
	return nil
}

// send queues the upload of an array and returns where it will lie until the
// next wait, at a multiple of 256 bytes.
func (b *Backend) send(data []byte) driver.Pointer { return b.sendIn(len(data), data) }

// sendIn is send with room for so many bytes.
func (b *Backend) sendIn(room int, data []byte) driver.Pointer {
	s := &b.stage
	for s.used+room > len(s.parts[s.now].host) {
		b.upload()
		if s.now+1 == len(s.parts) {
			if err := s.grow(b.device, max(stageBytes, room)); err != nil {
				b.check(err) // and nothing is queued any more
				return s.parts[s.now].device
			}
		}
		s.now, s.used, s.sent = s.now+1, 0, 0
	}
	at := s.used
	copy(s.parts[s.now].host[at:], data)
	s.used = min(s.used+(room+255)&^255, len(s.parts[s.now].host))
	if !b.step.on {
		b.upload()
	}
	return s.parts[s.now].device + driver.Pointer(at)
}

// upload queues the copy of what was put into the stage since the last one.
func (b *Backend) upload() {
	s := &b.stage
	if b.err == nil && s.used > s.sent {
		p := s.parts[s.now]
		b.check(b.stream.Upload(p.device+driver.Pointer(s.sent), p.host[s.sent:s.used]))
	}
	s.sent = s.used
}

// clear empties the stage when nothing reads it any more.
func (s *stage) clear() { s.now, s.used, s.sent = 0, 0, 0 }
