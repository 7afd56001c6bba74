package results

import "iter"

// A SampleKey names one row of samples.parquet.
type SampleKey struct {
	Task  string `parquet:"task,dict"`
	DocID int32  `parquet:"doc_id"`
}

// Key returns the sample's key.
func (s Sample) Key() SampleKey { return SampleKey{s.Task, s.DocID} }

// ReadKeys yields the keys of dir's samples.parquet in their order, reading
// these two columns only. It ends after the first error.
func ReadKeys(dir string) iter.Seq2[SampleKey, error] {
	return readRows[SampleKey](dir, SamplesFile)
}
