package policy

import "strings"

// A value of a parameter can come from a connector's configuration: no message shows
// one. What a file says is shown as it is written there, with ${NAME}.

// written gives the text of a path or host for a message: the value itself where no
// parameter is in it, and otherwise what the file has there.
func (r *reports) written(at Position, value string) string { return r.places.written(at, value) }

// Written gives the value at a position as the file has it: with the names of parameters in
// place of their values, which no message may show.
func (p *Policy) Written(at Position, value string) string { return p.places.written(at, value) }

func (ps places) written(at Position, value string) string {
	place, ok := ps[at]
	if !ok {
		return value
	}
	text, err := decodeString(place.src.slice(place.at))
	if err != nil || !hasParameter(text) {
		return value
	}
	return text
}

// reveals reports whether a text has the value of a parameter in it.
func (r *reports) reveals(text string) bool {
	for _, value := range r.values {
		if strings.Contains(text, value) {
			return true
		}
	}
	return false
}

// concealed gives a text, or what stands for it where it has the value of a parameter in
// it.
func (r *reports) concealed(text string) string {
	if r.reveals(text) {
		return "an entry with the value of a parameter"
	}
	return text
}
