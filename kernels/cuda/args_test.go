//go:build cuda && linux

package cuda

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unsafe"
)

// parameters is the Go structure of each kernel.
var parameters = map[string]uintptr{
	"rms_norm":            unsafe.Sizeof(normArgs{}),
	"rotate":              unsafe.Sizeof(rotateArgs{}),
	"swiglu":              unsafe.Sizeof(gluArgs{}),
	"geglu":               unsafe.Sizeof(gluArgs{}),
	"add":                 unsafe.Sizeof(addArgs{}),
	"gather":              unsafe.Sizeof(gatherArgs{}),
	"embed":               unsafe.Sizeof(embedArgs{}),
	"store":               unsafe.Sizeof(storeArgs{}),
	"copy_rows":           unsafe.Sizeof(copyArgs{}),
	"multiply_f32_large":  unsafe.Sizeof(multiplyArgs{}),
	"multiply_f32_small":  unsafe.Sizeof(multiplyArgs{}),
	"narrow":              unsafe.Sizeof(narrowArgs{}),
	"multiply_bf16_large": unsafe.Sizeof(multiplyArgs{}),
	"multiply_direct":     unsafe.Sizeof(multiplyArgs{}),
	"score_bf16":          unsafe.Sizeof(scoreArgs{}),
	"attend_f32_64":       unsafe.Sizeof(attendArgs{}),
	"attend_f32_128":      unsafe.Sizeof(attendArgs{}),
	"attend_f32_256":      unsafe.Sizeof(attendArgs{}),
	"multiply_bf16_small": unsafe.Sizeof(multiplyArgs{}),
	"gated_bf16_large":    unsafe.Sizeof(gatedArgs{}),
	"gated_bf16_small":    unsafe.Sizeof(gatedArgs{}),
	"gated_direct":        unsafe.Sizeof(gatedArgs{}),
	"store_turned_f32":    unsafe.Sizeof(turnArgs{}),
	"store_turned_bf16":   unsafe.Sizeof(turnArgs{}),
	"score_direct":        unsafe.Sizeof(scoreArgs{}),
	"draw":                unsafe.Sizeof(drawsArgs{}),
	"multiply_wgmma":      unsafe.Sizeof(multiplyArgs{}),
	"gated_wgmma":         unsafe.Sizeof(gatedArgs{}),
	"store_bf16":          unsafe.Sizeof(storeArgs{}),
	"attend_bf16_64":      unsafe.Sizeof(flashArgs{}),
	"attend_bf16_128":     unsafe.Sizeof(flashArgs{}),
	"attend_bf16_256":     unsafe.Sizeof(flashArgs{}),
	"score_f32":           unsafe.Sizeof(scoreArgs{}),
	"limit_bf16":          unsafe.Sizeof(limitArgs{}),
	"limit_f32":           unsafe.Sizeof(limitArgs{}),
	"limit_read":          unsafe.Sizeof(limitArgs{}),
	"merge_peaks":         unsafe.Sizeof(mergeArgs{}),
}

func TestArgumentsFitTheImages(t *testing.T) {
	entry := regexp.MustCompile(`\.entry (\w+)\(\s*\.param \.align 8 \.b8 \w+\[(\d+)\]\s*\)`)
	seen := map[string]bool{}
	for name, text := range readImages(t) {
		found := entry.FindAllStringSubmatch(text, -1)
		if n := strings.Count(text, ".entry "); len(found) != n {
			t.Errorf("%s: %d kernels, %d of them with one structure as parameter", name, n, len(found))
		}
		for _, m := range found {
			seen[m[1]] = true
			size, _ := strconv.Atoi(m[2])
			if got, ok := parameters[m[1]]; !ok || got != uintptr(size) {
				t.Errorf("kernel %s takes %d bytes, the Go structure has %d", m[1], size, got)
			}
		}
	}
	for name := range parameters {
		if !seen[name] {
			t.Errorf("no image has kernel %s", name)
		}
	}
}
