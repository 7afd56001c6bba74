package report

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
)

// writeBlock writes data, compressed, as a script element that no browser
// runs. Base64 has no character that could end it.
func writeBlock(w io.Writer, name string, data []byte) error {
	if _, err := fmt.Fprintf(w, "<script type=\"application/octet-stream\" id=\"%s\">", name); err != nil {
		return err
	}
	text := base64.NewEncoder(base64.StdEncoding, w)
	z, err := gzip.NewWriterLevel(text, gzip.DefaultCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(data); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	if err := text.Close(); err != nil {
		return err
	}
	_, err = io.WriteString(w, "</script>\n")
	return err
}

func writeJSONBlock(w io.Writer, name string, value any) error {
	data, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return writeBlock(w, name, data)
}

// A number is a float of which seven digits are shown; what JSON has no word
// for is a text that JavaScript's Number reads.
type number float64

func (n number) MarshalJSON() ([]byte, error) {
	switch f := float64(n); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return strconv.AppendFloat(nil, f, 'g', 7, 64), nil
	}
}

// A logProb is a token's log-probability, of which three decimals are shown.
type logProb float32

func (p logProb) MarshalJSON() ([]byte, error) {
	if f := float64(p); math.IsNaN(f) || math.IsInf(f, 0) {
		return number(f).MarshalJSON()
	}
	// Rounding first spares the page zeros: -0.5, not -0.500.
	return strconv.AppendFloat(nil, math.Round(float64(p)*1000)/1000, 'f', -1, 64), nil
}
