//go:build cuda && linux

package cuda

import (
	"compress/gzip"
	"embed"
	"io"
)

//go:embed images/*.ptx.gz
var images embed.FS

// image returns a compiled source of folder kernel by its name.
func image(name string) ([]byte, error) {
	f, err := images.Open("images/" + name + ".ptx.gz")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
