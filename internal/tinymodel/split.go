package tinymodel

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// Split writes a model in n parts, named and marked as llama.cpp's gguf-split
// does it, the first of them without tensors, and returns their paths.
func Split(dir, name string, n int, o Options) ([]string, error) {
	o = o.withDefaults()
	tensors, err := o.tensors()
	if err != nil {
		return nil, err
	}
	var paths []string
	for i := range n {
		metadata := map[string]any{}
		if i == 0 {
			maps.Copy(metadata, o.metadata())
		}
		metadata["split.no"], metadata["split.count"], metadata["split.tensors.count"] = uint16(i), uint16(n), int32(len(tensors))
		var own []Tensor
		if i > 0 {
			own = tensors[(i-1)*len(tensors)/(n-1) : i*len(tensors)/(n-1)]
		}
		path := filepath.Join(dir, fmt.Sprintf("%s-%05d-of-%05d.gguf", name, i+1, n))
		if err := os.WriteFile(path, encode(metadata, own), 0o644); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}
