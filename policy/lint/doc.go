// Package lint finds what is wrong, risky or without effect in valid policies. Every rule
// has a file of its own that holds its text, its examples and its check; its page of the
// documentation and its tests are made from the same. What a policy means is asked of
// package policy, how a backend enforces it of a function that is passed in.
package lint
