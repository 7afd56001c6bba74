// Package mathanswer judges answers to MATH (Hendrycks et al., 2021).
//
// Two judges stand side by side. Equivalent is the published rule, equality
// of texts after a normalisation, with every oddity it has; scores that are
// compared with others' come from it. Compare reads both answers and decides
// by exact arithmetic whether they are the same, and says Unknown when it
// cannot prove either; it never says Equal on the word of floating point.
package mathanswer
