// Package journal is an append-only log of finished items that survives a
// crash at any moment. A payload that Append has returned for is found again
// by the next Open; a record that was being written when the process died is
// cut off. What a payload means is the caller's business.
//
// On disk, all numbers little-endian:
//
//	header  "LEVALJNL", version uint32, length of the configuration hash uint32, the hash, CRC-32C of all before
//	record  "\xf5REC", length of the payload uint32, CRC-32C of length and payload uint32, the payload
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/llamaeval/llamaeval/internal/durable"
)

const (
	magic       = "LEVALJNL"
	version     = 1
	mark        = "\xf5REC" // 0xf5 occurs in no UTF-8 text
	recordHead  = len(mark) + 8
	maxHashSize = 1 << 10

	// MaxPayload is the size in bytes of the largest payload.
	MaxPayload = 1 << 30
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// file is what a journal needs of a durable.File; tests give one that fails.
type file interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
	Close() error
}

// A Journal is an open log. Its methods may be called concurrently.
type Journal struct {
	mu      sync.Mutex
	path    string
	file    file
	sync    func() error // makes data and size durable
	size    int64        // end of the last whole record
	records []span
	broken  error // set when the state of the file is unknown
}

// span is where a record's payload lies.
type span struct {
	offset int64
	length int
}

// Open opens or creates the journal at path for the configuration with that
// hash, and cuts off what follows its last whole record. The warnings say what
// was lost, if it was more than the tail that a crash leaves. A file of
// another kind, version or configuration is an error and stays as it is. The
// caller holds the lock of the folder.
func Open(path, configHash string) (*Journal, []string, error) {
	if len(configHash) > maxHashSize {
		return nil, nil, fmt.Errorf("journal %s: a configuration hash of %d bytes", path, len(configHash))
	}
	f, err := durable.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, nil, fmt.Errorf("journal: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a plain file")
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("journal %s: %w", path, err), f.Close())
	}
	j := &Journal{path: path, file: f, sync: f.Sync}
	warnings, err := j.recover(configHash, info.Size())
	if err == nil && info.Size() == 0 {
		err = durable.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("journal %s: %w", path, err), f.Close())
	}
	return j, warnings, nil
}

// Len returns the number of whole records.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.records)
}

// Payload returns the payload of record i, 0 being the oldest.
func (j *Journal) Payload(i int) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if i < 0 || i >= len(j.records) {
		return nil, fmt.Errorf("journal %s: record %d of %d", j.path, i, len(j.records))
	}
	r := j.records[i]
	payload, ok, err := j.read(r.offset-int64(recordHead), j.size, nil)
	if err == nil && !ok {
		err = errors.New("changed on disk since it was opened")
	}
	if err != nil {
		return nil, fmt.Errorf("journal %s: record %d at byte %d: %w", j.path, i, r.offset, err)
	}
	return payload, nil
}

// Append writes payloads and makes them durable together. When it fails,
// a full disk for one, the file is cut back to what it was; none of them is
// stored and the journal can be used on.
func (j *Journal) Append(payloads ...[]byte) error {
	if len(payloads) == 0 {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken != nil {
		return j.broken
	}
	var buf []byte
	var added []span
	for _, p := range payloads {
		if len(p) > MaxPayload {
			return fmt.Errorf("journal %s: a record of %d bytes, at most %d are possible", j.path, len(p), MaxPayload)
		}
		buf = appendRecord(buf, p)
		added = append(added, span{j.size + int64(len(buf)-len(p)), len(p)})
	}
	if err := j.write(buf, j.size); err != nil {
		return err
	}
	j.size += int64(len(buf))
	j.records = append(j.records, added...)
	return nil
}

// write puts data at the end of the file, at offset size.
func (j *Journal) write(data []byte, size int64) error {
	if _, err := j.file.WriteAt(data, size); err != nil {
		err = fmt.Errorf("journal %s: %w", j.path, err)
		if cut := j.file.Truncate(size); cut != nil {
			j.broken = errors.Join(err, cut)
			return j.broken
		}
		return err
	}
	if err := j.sync(); err != nil {
		// After a failed sync the system may have dropped the data and
		// report success the next time: nothing can be trusted any more.
		err = fmt.Errorf("journal %s: %w", j.path, err)
		j.broken = errors.Join(err, j.file.Truncate(size))
		return j.broken
	}
	return nil
}

// Close closes the file, once. All that was appended is durable already.
func (j *Journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if errors.Is(j.broken, os.ErrClosed) {
		return nil
	}
	j.broken = fmt.Errorf("journal %s: %w", j.path, os.ErrClosed)
	return j.file.Close()
}

func appendRecord(buf, payload []byte) []byte {
	buf = append(buf, mark...)
	start := len(buf)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(len(payload)))
	buf = binary.LittleEndian.AppendUint32(buf, checksum(buf[start:start+4], payload))
	return append(buf, payload...)
}

func checksum(length, payload []byte) uint32 {
	return crc32.Update(crc32.Checksum(length, castagnoli), castagnoli, payload)
}
