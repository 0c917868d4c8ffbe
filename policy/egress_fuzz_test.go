package policy

import (
	"strings"
	"testing"
)

// FuzzEgressEntry: an entry that is accepted is in the one spelling that it has, and is
// read the same again.
func FuzzEgressEntry(f *testing.F) {
	for _, text := range []string{
		"api.example.com:443", "*.example.com:443", "API.Example.com.:0443", "192.0.2.1:80", "[2001:DB8::1]:443", "[::ffff:192.0.2.1]:1",
		"bücher.example:443", "*.co.uk:443", "https://a.b/", "a_b.example:1", "${Region}.API.example.com:443", "${host}:443", "*.${host}:8443",
		"${a}${b}.x:1", "0x7f.1:80", "1.2.3:80", "*:443", "a:*", "a..b:1", "a\u200b.b:1", "[fe80::1%eth0]:22", "\u212aelvin.example:1",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entry, hint, err := egressEntry(text)
		if err != nil {
			if strings.ContainsAny(err.Error()+hint, "\n\x1b\x00") {
				t.Fatalf("a message that cannot be shown: %q, %q", err, hint)
			}
			return
		}
		literal := parameterUse.ReplaceAllString(entry.Host, "")
		if literal != strings.ToLower(literal) || strings.HasSuffix(entry.Host, ".") || entry.Host == "" || entry.Port == 0 {
			t.Fatalf("%q gives %+v", text, entry)
		}
		for _, r := range literal {
			if r <= ' ' || r >= 0x7f {
				t.Fatalf("%q gives %+v, with U+%04X", text, entry, r)
			}
		}
		again, _, err := egressEntry(entry.String())
		if err != nil || again != entry {
			t.Fatalf("%q gives %+v, and %q gives %+v, %v", text, entry, entry, again, err)
		}
	})
}
