//go:build cuda && linux

package cuda

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/llamaeval/llamaeval/kernels/cuda/driver"
)

// kernelSet is every kernel, loaded.
type kernelSet struct {
	rmsNorm, rotate, gather, embed    *driver.Kernel
	swiglu, geglu, add                *driver.Kernel
	store, copyRows                   *driver.Kernel
	storeTurned, storeTurnedBF16      *driver.Kernel
	draw, scoreDirect                 *driver.Kernel
	multiplyLarge, multiplySmall      *driver.Kernel
	attend64, attend128, attend256    *driver.Kernel
	flash64, flash128, flash256       *driver.Kernel
	gatedBF16, gatedDirect            *driver.Kernel
	multiplySmallBF16, gatedSmallBF16 *driver.Kernel
	storeBF16                         *driver.Kernel
	score, mergePeaks                 *driver.Kernel
	narrow                            *driver.Kernel
	multiplyLargeBF16, multiplyDirect *driver.Kernel
	scoreBF16                         *driver.Kernel
	multiplyWGMMA, gatedWGMMA         *driver.Kernel // nil but on compute capability 9.0
}

// Shapes that kernel/*.cu are written for.
const (
	rowWarps   = 4 // rows of a block, a warp each
	rowThreads = 128

	largeRows, largeCols = 128, 128 // tiles of multiply
	smallRows, smallCols = 16, 64
	fewRows              = 32 // up to which small tiles are used, in mode exact
	tileK                = 16
	tileKBF16, stages    = 32, 4

	directRows, directCols = 32, 32 // tiles of multiply_direct
	directThreads          = 128
	directBytes            = 3*(directRows*256*2+directCols*304) + directCols*256*2
	mostDirect             = 64 // rows up to which it is used

	nearRows, nearCols = 64, 64 // tiles of multiply_bf16_small
	nearBytes          = 6 * (nearRows + nearCols) * 64 * 2

	scoreRows, scoreCols = 32, 256
	scoreRowsBF16        = 64
	mergeWarps           = 4

	wgmmaRows, wgmmaCols = 128, 256
	wgmmaBytes           = 4 * (wgmmaRows + wgmmaCols) * 64 * 2

	drawThreads, drawBins = 512, 2048
)

// tileBytes is the shared memory of TileF32.
func tileBytes(rows, cols int) int { return 2 * tileK * (rows + 4 + cols + 4) * 4 }

// tileBytesBF16 is the shared memory of TileBF16.
func tileBytesBF16(rows, cols int) int { return stages * tileKBF16 * (rows + cols) * 2 }

// attendBytes is the shared memory of Attention, for heads up to width and
// that many query rows.
func attendBytes(width, rows int) int { return 4 * (64*(width+1) + rows*width + rows*64 + 3*rows) }

// attendRows is how many query rows a block of attention stacks.
func attendRows(width int) int { return max(16, min(64, 4096/width)) }

// imageOf is an image with its kernels.
type imageOf struct {
	image   string
	kernels []kernelOf
}

// loadKernels loads the images, side by side: the driver compiles them the
// first time, which takes seconds, and keeps the result. Without the image for
// compute capability 9.0 the general ones do, which notice is told.
func loadKernels(d *driver.Device, notice func(string)) (*kernelSet, error) {
	s := &kernelSet{}
	images := s.general()
	errs := make([]error, len(images))
	var all sync.WaitGroup
	for i := range images {
		all.Go(func() { errs[i] = images[i].load(d) })
	}
	var special error
	if d.Major == 9 && d.Minor == 0 && os.Getenv(WGMMA) != "0" {
		all.Go(func() { special = s.special().load(d) })
	}
	all.Wait()
	if special != nil {
		s.multiplyWGMMA, s.gatedWGMMA = nil, nil
		if errors.Is(special, driver.ErrLost) || errors.Is(special, driver.ErrMemory) {
			errs = append(errs, special)
		} else if errors.Join(errs...) == nil {
			notice(fmt.Sprintf("the kernels for compute capability 9.0 cannot be used, and the general ones are slower: %v", special))
		}
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// load loads an image and finds its kernels.
func (i imageOf) load(d *driver.Device) error {
	data, err := image(i.image)
	if err != nil {
		return err
	}
	m, err := d.Load(i.image, data)
	if err != nil {
		return err
	}
	for _, k := range i.kernels {
		if *k.to, err = m.Kernel(k.name, k.threads, k.shared); err != nil {
			return err
		}
	}
	return nil
}

// special are the kernels for compute capability 9.0 alone.
func (s *kernelSet) special() imageOf {
	return imageOf{"multiply_bf16_sm90", []kernelOf{
		{&s.multiplyWGMMA, "multiply_wgmma", 256, wgmmaBytes},
		{&s.gatedWGMMA, "gated_wgmma", 256, wgmmaBytes},
	}}
}

// general are the kernels for all GPUs.
func (s *kernelSet) general() []imageOf {
	return []imageOf{
		{"rows", []kernelOf{
			{&s.rmsNorm, "rms_norm", 32 * rowWarps, 0},
			{&s.rotate, "rotate", rowThreads, 0},
			{&s.swiglu, "swiglu", rowThreads, 0},
			{&s.geglu, "geglu", rowThreads, 0},
			{&s.add, "add", rowThreads, 0},
			{&s.gather, "gather", rowThreads, 0},
			{&s.embed, "embed", rowThreads, 0},
			{&s.narrow, "narrow", rowThreads, 0},
		}},
		{"cache", []kernelOf{
			{&s.store, "store", 128, 0},
			{&s.storeBF16, "store_bf16", 128, 0},
			{&s.storeTurned, "store_turned_f32", 128, 0},
			{&s.storeTurnedBF16, "store_turned_bf16", 128, 0},
			{&s.copyRows, "copy_rows", 128, 0},
		}},
		{"multiply_f32", []kernelOf{
			{&s.multiplyLarge, "multiply_f32_large", 256, tileBytes(largeRows, largeCols)},
			{&s.multiplySmall, "multiply_f32_small", 256, tileBytes(smallRows, smallCols)},
		}},
		{"multiply_bf16", []kernelOf{
			{&s.multiplyLargeBF16, "multiply_bf16_large", 256, tileBytesBF16(largeRows, largeCols)},
			{&s.gatedBF16, "gated_bf16_large", 256, tileBytesBF16(largeRows, largeCols)},
			{&s.multiplySmallBF16, "multiply_bf16_small", 256, nearBytes},
			{&s.gatedSmallBF16, "gated_bf16_small", 256, nearBytes},
		}},
		{"multiply_direct", []kernelOf{
			{&s.gatedDirect, "gated_direct", directThreads, directBytes},
			{&s.multiplyDirect, "multiply_direct", directThreads, directBytes},
		}},
		{"score_direct", []kernelOf{
			{&s.scoreDirect, "score_direct", directThreads, directBytes},
		}},
		{"draw", []kernelOf{
			{&s.draw, "draw", drawThreads, 2 * drawBins * 8},
		}},
		{"score_bf16", []kernelOf{
			{&s.scoreBF16, "score_bf16", 256, max(tileBytesBF16(scoreRowsBF16, scoreCols), scoreRowsBF16*scoreCols*4)},
		}},
		{"attend_f32", []kernelOf{
			{&s.attend64, "attend_f32_64", 128, attendBytes(64, attendRows(64))},
			{&s.attend128, "attend_f32_128", 128, attendBytes(128, attendRows(128))},
			{&s.attend256, "attend_f32_256", 128, attendBytes(256, attendRows(256))},
		}},
		{"attend_bf16", []kernelOf{
			{&s.flash64, "attend_bf16_64", flashThreads, flashBytes(64)},
			{&s.flash128, "attend_bf16_128", flashThreads, flashBytes(128)},
			{&s.flash256, "attend_bf16_256", flashThreads, flashBytes(256)},
		}},
		{"score_f32", []kernelOf{
			{&s.score, "score_f32", 256, max(tileBytes(scoreRows, scoreCols), scoreRows*scoreCols*4)},
			{&s.mergePeaks, "merge_peaks", 32 * mergeWarps, 0},
		}},
	}
}

// kernelOf says where a kernel goes, and its block's threads and bytes of
// shared memory.
type kernelOf struct {
	to              **driver.Kernel
	name            string
	threads, shared int
}
