package policy

import "sync"

// Memory makes resolving many policies that have bases in common faster: it remembers which
// texts are TOML. It may be used by several goroutines; the zero Memory remembers nothing yet.
type Memory struct{ sound sync.Map }

// knows reports whether a text was found to be TOML before.
func (m *Memory) knows(text string) bool {
	if m == nil {
		return false
	}
	_, known := m.sound.Load(text)
	return known
}

// learn remembers that a text is TOML.
func (m *Memory) learn(text string) {
	if m != nil {
		m.sound.Store(text, struct{}{})
	}
}
