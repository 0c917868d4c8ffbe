package policy

import (
	"bytes"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// MaxSource is the size in bytes of the largest policy file that is read.
const MaxSource = 1 << 20

// readable refuses what is no text. Sizes and encodings come first: the rest of
// the parser may rely on them.
func (r *reporter) readable(src []byte) bool {
	before := len(r.found)
	switch {
	case len(src) > MaxSource:
		// The text is not looked at, so it is not shown either.
		r.src.text, r.src.lines, r.src.columns = "", []int{0}, nil
		r.add(span{}, "policy is larger than 1 MiB").
			note("expected  at most %d bytes", MaxSource).
			note("found     %d bytes", len(src))
	case bytes.HasPrefix(src, []byte("\xef\xbb\xbf")):
		r.add(span{0, 3}, "file starts with a byte order mark").
			note("expected  UTF-8 without a byte order mark").
			advise("save the file as \"UTF-8\", not \"UTF-8 with BOM\"")
	case bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")):
		r.refuseText(0, "file is UTF-16, not UTF-8")
	case !utf8.Valid(src):
		at := 0
		for {
			char, n := utf8.DecodeRune(src[at:])
			if char == utf8.RuneError && n <= 1 {
				break
			}
			at += n
		}
		r.refuseText(at, "text is not valid UTF-8")
	case bytes.IndexByte(src, 0) >= 0:
		r.refuseText(bytes.IndexByte(src, 0), "text contains a NUL byte")
	}
	return len(r.found) == before
}

// refuseText reports a byte that no text file has. The line is not shown: what
// it holds is unknown.
func (r *reporter) refuseText(at int, message string) {
	r.src.secrets = []span{{0, len(r.src.text)}}
	r.add(span{at, at + 1}, "%s", message).
		note("byte %#02x at offset %d, line %d", r.src.text[at], at, r.src.position(at).Line).
		note("expected  UTF-8 text without control characters")
}

// wellFormed asks the decoder whether the document is TOML, and reports keys
// that are defined twice. Only duplicates leave a document that can be read on.
func (r *reporter) wellFormed(doc scanned) bool {
	if f := doc.failure; f != nil && f.tooDeep {
		r.src.secrets = disjoint(append(r.src.secrets, malformedSecret(doc, r.src.text)))
		r.add(span{f.at, f.at + 1}, "%s", f.message)
		return false
	}
	for _, d := range doc.duplicates {
		// NAME.x under environment.set may be a value that a lost quote made a key.
		path := d.path[:min(len(d.path), 3)]
		r.add(d.again, "%s is defined twice", clip(strings.Join(path, "."), 120)).
			note("first defined at %s", r.src.position(d.was.start)).
			advise("remove one of the two")
	}
	whole := doc.failure == nil && !doc.invalid && len(doc.duplicates) == 0
	if whole && r.memory.knows(r.src.text) {
		return true
	}
	var ignored map[string]any
	_, err := toml.Decode(r.src.text, &ignored)
	var syntax toml.ParseError
	duplicate := errors.As(err, &syntax) && len(doc.duplicates) > 0 &&
		strings.Contains(syntax.Message, "already been defined")
	if doc.failure == nil && !doc.invalid && (err == nil || duplicate) {
		if whole && r.src.order > 0 { // the bases, which others have too
			r.memory.learn(r.src.text)
		}
		return true
	}
	r.src.secrets = disjoint(append(r.src.secrets, malformedSecret(doc, r.src.text)))
	switch {
	case duplicate: // reported above; what else is wrong shows when they are gone
	case errors.As(err, &syntax):
		r.syntax(syntax, doc.failure)
	case doc.failure != nil:
		r.add(span{doc.failure.at, doc.failure.at + 1}, "not valid TOML: %s", doc.failure.message)
	default:
		r.add(span{0, 1}, "not valid TOML")
	}
	return false
}

// syntax reports an error of the decoder at its place. The decoder's message quotes
// the file: where that must not be shown, the scanner's says what is wrong.
func (r *reporter) syntax(e toml.ParseError, failure *scanFailure) {
	at := span{e.Position.Start, e.Position.Start + max(e.Position.Len, 1)}
	at.start = max(0, min(at.start, len(r.src.text)))
	at.end = max(at.start, min(at.end, len(r.src.text)))
	for at.start > 0 && at.start < len(r.src.text) && !utf8.RuneStart(r.src.text[at.start]) {
		at.start--
	}
	message, detail := "not valid TOML", ""
	switch {
	case !r.src.hidden(at):
		detail = e.Message
	case failure != nil && r.src.lineIndex(failure.at) == r.src.lineIndex(at.start):
		detail = failure.message
	}
	if detail != "" {
		message += ": " + strings.TrimRight(strings.ToLower(detail[:1])+detail[1:], ".")
	}
	d := r.add(at, "%s", clip(message, 160))
	if r.src.hidden(at) {
		d.note("the line is not shown: it may hold a value of environment.set")
	}
}
