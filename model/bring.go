package model

import "github.com/llamaeval/llamaeval/internal/sysmem"

const (
	// mostBrought is the largest checkpoint that is brought into memory of its
	// own, which takes a tenth of a second for each 100 MB; larger ones stay in
	// the mapped file.
	mostBrought = 4 << 30
	// Steps of so few tokens wait for weights; after some of them it is worth it.
	fewTokens, fewSteps = 64, 8
)

// bring counts steps of few tokens and brings the checkpoint when there have
// been some: those wait for memory, and steps of many do not.
func (m *Model) bring(tokens int) {
	if tokens > fewTokens || m.fewSteps > fewSteps {
		return
	}
	if m.fewSteps++; m.fewSteps <= fewSteps || m.Device().Kind != "cpu" {
		return
	}
	total, err := sysmem.Total()
	if size := m.file.FileBytes(); err == nil && size <= mostBrought && size < total/8 {
		m.file.Bring()
	}
}
