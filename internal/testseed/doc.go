// Package testseed gives random tests their seed: the same on every run, so that a build that passed passes again,
// unless the environment asks for another. MILLRACE_SEED=random takes one from the clock, MILLRACE_SEED=N takes N.
package testseed
