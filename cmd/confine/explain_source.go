package main

import "fmt"

// sourceReport is the file of one of confine's own policies, which lies nowhere to be read:
// who extends it or copies from it wants its comments too.
type sourceReport struct {
	identity
	File string `json:"file"`
	Text string `json:"text"`
}

// explainSource answers for confine's own alone: what lies on disk can be read there, and
// may set values that nothing of confine shows.
func explainSource(p loaded) (explanation, error) {
	text, known := p.Text(p.File)
	if len(p.files) > 0 || !known {
		return nil, fmt.Errorf("%q is a file already: source prints one of confine's own", p.File)
	}
	return sourceReport{identityOf(p.Policy), p.File, text}, nil
}

func (r sourceReport) text() string { return r.Text }
