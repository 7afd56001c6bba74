package sandbox

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// began is when the monotonic clock of programs in WebAssembly stood at zero.
var began = time.Now()

// instantiateWASI gives a runtime the system interface, with a poll_oneoff
// that waits until a time: Python's sleep asks for that, and wazero's waits
// for a while only.
func instantiateWASI(ctx context.Context, r wazero.Runtime) error {
	b := r.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(b)
	b.NewFunctionBuilder().WithFunc(pollClocks).Export("poll_oneoff")
	_, err := b.Instantiate(ctx)
	return err
}

// Sizes and numbers of WASI preview 1.
const (
	subscriptionSize = 48 // user data 8, kind 8, clock 8, time 8, precision 8, flags 8
	eventSize        = 32 // user data 8, error 2, kind 6, ready bytes and flags of files
	mostPolled       = 1024

	wasiOK, wasiFault, wasiInvalid, wasiUnsupported = 0, 21, 28, 58
)

// pollClocks waits for the earliest of some clocks; there are no files to
// wait for.
func pollClocks(ctx context.Context, m api.Module, in, out, count, events uint32) uint32 {
	if count == 0 || count > mostPolled {
		return wasiInvalid
	}
	asked, ok := m.Memory().Read(in, count*subscriptionSize)
	if !ok {
		return wasiFault
	}
	var first []byte
	var least time.Duration
	for s := asked; len(s) > 0; s = s[subscriptionSize:] {
		wait, errno := clockWait(s)
		if errno != wasiOK {
			return errno
		}
		if first == nil || wait < least {
			first, least = s[:8], wait
		}
	}
	event := make([]byte, eventSize) // no error, kind 0: a clock
	copy(event, first)
	if !m.Memory().Write(out, event) || !m.Memory().WriteUint32Le(events, 1) {
		return wasiFault
	}
	select {
	case <-time.After(least):
	case <-ctx.Done():
	}
	return wasiOK
}

// clockWait is how long one subscription waits.
func clockWait(s []byte) (time.Duration, uint32) {
	if s[8] != 0 { // a file
		return 0, wasiUnsupported
	}
	at := time.Duration(min(binary.LittleEndian.Uint64(s[24:]), 1<<63-1))
	absolute := binary.LittleEndian.Uint16(s[40:])&1 != 0
	switch clock := binary.LittleEndian.Uint32(s[16:]); {
	case !absolute:
		return at, wasiOK
	case clock == 0:
		return at - time.Duration(time.Now().UnixNano()), wasiOK
	case clock == 1:
		return at - time.Since(began), wasiOK
	}
	return 0, wasiInvalid
}
