package policy

// Diagnose makes a diagnostic about an entry of the policy, in the form of those that
// [Resolve] gives: with the line of the file and a caret. Where at is the zero
// Position, or one that the policy did not give out, there is no line to show.
func (p *Policy) Diagnose(at Position, message string, notes []string, hint string) Diagnostic {
	place, ok := p.places[at]
	if !ok {
		return Diagnostic{At: at, Message: message, Notes: notes, Hint: hint}
	}
	d := &report{src: place.src, at: place.at, message: message, notes: notes, hint: hint}
	return d.finish()
}
