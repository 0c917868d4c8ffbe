//go:build linux && race

package egress

// raceDetector is whether memory has its shadow.
const raceDetector = true
