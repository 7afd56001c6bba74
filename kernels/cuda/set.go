//go:build cuda && linux

package cuda

import "github.com/llamaeval/llamaeval/kernels/cuda/driver"

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

// loadKernels loads the images. The driver compiles them the first time and
// keeps the result.
func loadKernels(d *driver.Device) (*kernelSet, error) {
	s := &kernelSet{}
	images := s.general()
	if d.Major == 9 && d.Minor == 0 {
		images = append(images, imageOf{"multiply_bf16_sm90", []kernelOf{
			{&s.multiplyWGMMA, "multiply_wgmma", 256, wgmmaBytes},
			{&s.gatedWGMMA, "gated_wgmma", 256, wgmmaBytes},
		}})
	}
	for _, source := range images {
		data, err := image(source.image)
		if err != nil {
			return nil, err
		}
		m, err := d.Load(source.image, data)
		if err != nil {
			return nil, err
		}
		for _, k := range source.kernels {
			if *k.to, err = m.Kernel(k.name, k.threads, k.shared); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
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
			{&s.gatedBF16, "gated_bf16", 256, tileBytesBF16(largeRows, largeCols)},
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
