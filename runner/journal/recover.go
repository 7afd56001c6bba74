package journal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// searchBudget bounds the bytes that are looked at behind a damaged record to
// tell damage from a torn tail.
const searchBudget = 64 << 20

func header(configHash string) []byte {
	h := []byte(magic)
	h = binary.LittleEndian.AppendUint32(h, version)
	h = binary.LittleEndian.AppendUint32(h, uint32(len(configHash)))
	h = append(h, configHash...)
	return binary.LittleEndian.AppendUint32(h, crc32.Checksum(h, castagnoli))
}

// recover reads a file of size bytes up to its last whole record and cuts off
// the rest.
func (j *Journal) recover(configHash string, size int64) (warnings []string, err error) {
	fresh, err := j.checkHeader(configHash, size)
	if err != nil {
		return nil, err
	}
	if fresh {
		h := header(configHash)
		if err := j.write(h, 0); err != nil {
			return nil, err
		}
		j.size = int64(len(h))
		return nil, nil
	}
	var buf []byte
	for j.size < size {
		payload, ok, err := j.read(j.size, size, buf)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		j.records = append(j.records, span{j.size + int64(recordHead), len(payload)})
		j.size += int64(recordHead + len(payload))
		buf = payload[:0]
	}
	if j.size == size {
		// A process that was killed between write and sync leaves records
		// that only the system's memory has.
		return nil, j.sync()
	}
	damaged, err := j.validAfter(j.size+1, size)
	if err != nil {
		return nil, err
	}
	if damaged {
		warnings = append(warnings, fmt.Sprintf("journal %s is damaged at byte %d: the %d items before it are kept, the %d bytes after it are dropped and computed again",
			j.path, j.size, len(j.records), size-j.size))
	}
	if err := j.file.Truncate(j.size); err != nil {
		return nil, err
	}
	return warnings, j.sync()
}

// checkHeader says whether the file has still to be given its header; else
// j.size is set to the header's end.
func (j *Journal) checkHeader(configHash string, size int64) (fresh bool, err error) {
	want := header(configHash)
	got := make([]byte, min(size, int64(len(magic)+8+maxHashSize+4)))
	if _, err := j.file.ReadAt(got, 0); err != nil {
		return false, err
	}
	// A crash while the header was written leaves a part of it, or zeros.
	if len(got) < len(want) && bytes.HasPrefix(want, got) || len(got) <= len(want) && len(bytes.Trim(got, "\x00")) == 0 {
		return true, j.file.Truncate(0)
	}
	if bytes.HasPrefix(got, want) {
		j.size = int64(len(want))
		return false, nil
	}
	return false, explain(got)
}

// explain says why a header is not the wanted one.
func explain(got []byte) error {
	fixed := len(magic) + 8
	if len(got) < fixed || string(got[:len(magic)]) != magic {
		return errors.New("not a journal of this program: give another --out")
	}
	if v := binary.LittleEndian.Uint32(got[len(magic):]); v != version {
		return fmt.Errorf("written in version %d of the format, this program reads version %d: finish it with that program, or remove it", v, version)
	}
	n := int64(binary.LittleEndian.Uint32(got[len(magic)+4:]))
	end := int64(fixed) + n
	if end+4 > int64(len(got)) || crc32.Checksum(got[:end], castagnoli) != binary.LittleEndian.Uint32(got[end:]) {
		return errors.New("its header is damaged: remove it to start the run afresh")
	}
	return fmt.Errorf("it belongs to another configuration (%.8q): give another --out", got[fixed:end])
}

// read returns the payload of the record at offset in a file of size bytes,
// in buf if that is large enough. ok is false when no whole record lies there.
func (j *Journal) read(offset, size int64, buf []byte) (payload []byte, ok bool, err error) {
	var head [recordHead]byte
	if size-offset < int64(len(head)) {
		return nil, false, nil
	}
	if err := readFull(j.file, head[:], offset); err != nil {
		return nil, false, err
	}
	length := head[len(mark) : len(mark)+4]
	n := int64(binary.LittleEndian.Uint32(length))
	// The length is only believed as far as the file has bytes for it.
	if string(head[:len(mark)]) != mark || n > MaxPayload || n > size-offset-int64(len(head)) {
		return nil, false, nil
	}
	if int64(cap(buf)) < n {
		buf = make([]byte, n)
	}
	payload = buf[:n]
	if err := readFull(j.file, payload, offset+int64(len(head))); err != nil {
		return nil, false, err
	}
	sum := binary.LittleEndian.Uint32(head[len(mark)+4:])
	return payload, checksum(length, payload) == sum, nil
}

// validAfter says whether a whole record starts at or behind offset: then the
// file was damaged there, and not merely left unfinished.
func (j *Journal) validAfter(offset, size int64) (bool, error) {
	const block = 1 << 16
	window := make([]byte, block+len(mark)-1)
	for budget := int64(searchBudget); offset < size && budget > 0; offset += block {
		w := window[:min(int64(len(window)), size-offset)]
		if err := readFull(j.file, w, offset); err != nil {
			return false, err
		}
		budget -= int64(len(w))
		for at := 0; budget > 0; at++ {
			i := bytes.Index(w[at:], []byte(mark))
			if i < 0 {
				break
			}
			at += i
			payload, ok, err := j.read(offset+int64(at), size, nil)
			if ok || err != nil {
				return ok, err
			}
			budget -= int64(len(payload)) + int64(recordHead)
		}
	}
	return false, nil
}

func readFull(r io.ReaderAt, p []byte, offset int64) error {
	n, err := r.ReadAt(p, offset)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading at byte %d: %w", offset, err)
}
