// Package anytime tests the mean of bounded numbers while they come in: what
// it claims holds however often one looks and whenever one stops.
//
// The numbers come in units (a document, or all documents that share a
// passage) in random order. A unit has a weight w > 0 and a sum x of w
// numbers between 0 and 1, so that 0 <= x <= w. The mean is the sum of all x
// over the sum of all w, and the hypothesis is that it is m.
//
// A gambler who believes that the mean is higher than m starts with capital 1
// and stakes on each unit a part f of what he may lose at most. Under the
// hypothesis, and for every lower mean, his capital is a nonnegative
// supermartingale; by Ville's inequality it ever reaches 1/a with a
// probability of at most a, and if it does, the mean is higher than m. A
// second gambler bets on a lower mean. All m that neither refutes are the
// confidence sequence (I. Waudby-Smith and A. Ramdas, Estimating means of
// bounded random variables by betting, J. R. Stat. Soc. B 86, 2024). Which f
// is best depends on the unknown variance, so the capital is spread over
// several f and stays there: the mixture of section 4 of F. Orabona and K.-S.
// Jun, Tight concentrations and confidence sequences from the regret of
// universal portfolio, IEEE Trans. Inf. Theory 70 (2024), on a grid.
package anytime
