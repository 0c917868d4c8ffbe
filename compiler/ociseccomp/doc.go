// Package ociseccomp writes a filter as the JSON that docker run --security-opt
// seccomp=FILE and linux.seccomp of the OCI runtime specification take.
//
// It is pure. Container engines compile the JSON with libseccomp, which up to 2.6.0
// turns several argument rules on one call into filters that allow what the rules
// deny (GHSA-4q85-33p6-j5g6), unless the rules only compare for equality, of the
// argument or of masked bits. So [Marshal] lowers every condition to such rules.
package ociseccomp
