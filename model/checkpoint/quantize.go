package checkpoint

import (
	"context"
	"fmt"
	"io"

	"github.com/llamaeval/llamaeval/kernels/quant"
	"github.com/llamaeval/llamaeval/model/gguf"
)

// fileTypes are the values of general.file_type (enum llama_ftype in llama.h).
var fileTypes = map[quant.Type]uint32{quant.F32: 0, quant.F16: 1, quant.Q4_0: 2, quant.Q4_1: 3, quant.Q8_0: 7, quant.BF16: 32}

// Quantize writes the checkpoint as a GGUF file whose matrices have type t:
// metadata stay as they are, vectors become F32, and matrices whose rows are no
// whole blocks of t become F16. A matrix that has the type already is copied.
func Quantize(ctx context.Context, w io.Writer, f *gguf.File, t quant.Type) error {
	file, ok := fileTypes[t]
	if !ok {
		return fmt.Errorf("%s: cannot quantise to %v", f.Path, t)
	}
	var m gguf.Metadata
	m.Copy(f, func(key string) bool { return key != "general.file_type" && key != "general.quantization_version" })
	m.Set("general.file_type", file)
	m.Set("general.quantization_version", uint32(2)) // GGML_QNT_VERSION
	tensors := f.Tensors()
	for i, x := range tensors {
		if to := target(x, t); to != x.Type {
			tensors[i].Type, tensors[i].Data = to, nil
		}
	}
	return gguf.Write(w, &m, tensors, func(to gguf.Tensor) ([]byte, error) {
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		from, _ := f.Tensor(to.Name)
		return convert(from, to.Type)
	})
}

// target is the type that a tensor gets.
func target(x gguf.Tensor, t quant.Type) quant.Type {
	switch {
	case x.Rows() == 1:
		return quant.F32
	case x.Shape[0]%t.BlockSize() != 0:
		return quant.F16
	}
	return t
}

// convert returns a tensor's data in another type.
func convert(x gguf.Tensor, t quant.Type) ([]byte, error) {
	stride, err := t.RowBytes(x.Shape[0])
	if err != nil {
		return nil, err
	}
	out := make([]byte, stride*x.Rows())
	err = eachChunk(x, func(row int, wide []float32) error {
		_, err := quant.Quantize(out[row*stride:row*stride:len(out)], t, wide)
		return err
	})
	return out, err
}
