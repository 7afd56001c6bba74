//go:build cuda && linux

package cuda

import "github.com/llamaeval/llamaeval/kernels/cuda/driver"

// stageBytes holds what one step sends: tokens, angles, spans. More makes it
// wait in mid-step.
const stageBytes = 8 << 20

// stage is pinned host memory and its counterpart on the device, through which
// a step's small arrays are sent without a wait. It is empty again when the
// step has been waited for.
type stage struct {
	host   []byte
	device driver.Pointer
	used   int
}

func newStage(d *driver.Device) (stage, error) {
	host, err := d.Pinned(stageBytes)
	if err != nil {
		return stage{}, err
	}
	at, err := d.Alloc(stageBytes)
	return stage{host: host, device: at}, err
}

// send queues the upload of an array and returns where it will lie until the
// next wait, at a multiple of 256 bytes.
func (b *Backend) send(data []byte) driver.Pointer {
	s := &b.stage
	if s.used+len(data) > len(s.host) {
		b.check(b.wait())
	}
	if len(data) > len(s.host) {
		panic("cuda: an array of a step is larger than the stage")
	}
	at := s.used
	copy(s.host[at:], data)
	s.used += (len(data) + 255) &^ 255
	if b.err == nil {
		b.check(b.stream.Upload(s.device+driver.Pointer(at), s.host[at:at+len(data)]))
	}
	return s.device + driver.Pointer(at)
}
