// Package compare says whether one run is better than another: it pairs the
// items of both, estimates the difference of each metric with its error, tests
// it, judges gates, and writes the result for people and for CI. It knows
// results folders only. docs/statistics.md says what is computed and why.
package compare
