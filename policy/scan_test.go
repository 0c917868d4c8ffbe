package policy

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// seeds gives every input below testdata.
func seeds(t testing.TB) [][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/*/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no seeds: %v", err)
	}
	var out [][]byte
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, src)
	}
	return out
}

// tricky are TOML documents that a simple scanner gets wrong.
var tricky = []string{
	"a = 1\n[b]\nc = 2\n[b.d]\ne = 3\n[[f]]\ng = 1\n[[f]]\ng = 2\n[f.h]\ni = 1\n",
	"a.b.c = 1\na.b.d = 2\n\"a b\".'c.d' = 3\n",
	"x = \"\"\"a\"\"\"\"\"\ny = '''b'''''\nz = \"\"\"\\\"\"\"\"\n",
	"x = [1, [2, 3], # comment ]\n  {a = 1, b.c = 2,\n d = [{e = 1}]},\n]\n",
	"x = {}\ny = []\nz = { a = { }, }\n",
	"d = 1979-05-27 07:32:00 # c\ne = 07:32:00\nf = -1e5\ng = +inf\nh = 0xdead_beef\ni = true\n",
	"[ a . \"b\" ]\n c = 1\r\n[[ d ]]\r\n",
	"\"\\u0061\" = 1\n\"\" = 2\n",
	"[a.b]\nx=1\n[a]\ny=2\n",
	"# only a comment",
	"x = \"#\\\\\" # y = \"\n",
	"x = \"\"\"\n[not.a.table]\ny = 1\n\"\"\"\n",
}

// agree checks that the scanner and the decoder see the same document.
func agree(t *testing.T, text string) {
	t.Helper()
	// Parse refuses these before it scans; the decoder skips a byte order mark.
	if strings.HasPrefix(text, "\ufeff") || strings.ContainsRune(text, 0) || !utf8.ValidString(text) {
		return
	}
	var decoded map[string]any
	meta, err := toml.Decode(text, &decoded)
	if err != nil {
		return
	}
	doc := scan(text)
	if f := doc.failure; f != nil {
		if f.tooDeep {
			return
		}
		t.Fatalf("the decoder accepts what the scanner refuses at %d: %s\n%q", f.at, f.message, text)
	}
	if len(doc.duplicates) > 0 {
		t.Fatalf("the scanner finds a duplicate that the decoder does not: %v\n%q", doc.duplicates, text)
	}
	keys := meta.Keys()
	if len(keys) != len(doc.keys) {
		t.Fatalf("keys differ: %q and %q\n%q", keys, doc.keys, text)
	}
	for i := range keys {
		if !reflect.DeepEqual([]string(keys[i]), []string(doc.keys[i])) {
			t.Fatalf("key %d is %q and %q\n%q", i, keys[i], doc.keys[i], text)
		}
	}
	same(t, text, decoded, doc.root)
}

// same compares a decoded value with a scanned one.
func same(t *testing.T, text string, value any, n *node) {
	t.Helper()
	raw := text[n.at.start:n.at.end]
	switch value := value.(type) {
	case map[string]any:
		if n.kind != kindTable || len(value) != len(n.members) {
			t.Fatalf("table %q has %d members and %d\n%q", raw, len(value), len(n.members), text)
		}
		for _, m := range n.members {
			inner, ok := value[m.name]
			if !ok {
				t.Fatalf("no member %q\n%q", m.name, text)
			}
			same(t, text, inner, m.value)
		}
	case []map[string]any:
		if n.kind != kindArray || len(value) != len(n.items) {
			t.Fatalf("array %q has %d items and %d\n%q", raw, len(value), len(n.items), text)
		}
		for i := range value {
			same(t, text, value[i], n.items[i])
		}
	case []any:
		if n.kind != kindArray || len(value) != len(n.items) {
			t.Fatalf("array %q has %d items and %d\n%q", raw, len(value), len(n.items), text)
		}
		for i := range value {
			same(t, text, value[i], n.items[i])
		}
	case string:
		if got, err := decodeString(raw); n.kind != kindString || err != nil || got != value {
			t.Fatalf("string %q is %q and %q (%v)\n%q", raw, value, got, err, text)
		}
	case int64:
		if got, err := decodeInteger(raw); n.kind != kindInteger || err != nil || got != value {
			t.Fatalf("integer %q is %d and %d (%v), kind %v\n%q", raw, value, got, err, n.kind, text)
		}
	case bool:
		if n.kind != kindBool || (raw == "true") != value {
			t.Fatalf("boolean %q is %v\n%q", raw, value, text)
		}
	case float64:
		if n.kind != kindFloat {
			t.Fatalf("float %q has kind %v\n%q", raw, n.kind, text)
		}
	default:
		if n.kind != kindDatetime {
			t.Fatalf("%T %q has kind %v\n%q", value, raw, n.kind, text)
		}
	}
}

func TestScanAgrees(t *testing.T) {
	for _, text := range tricky {
		if _, err := toml.Decode(text, new(map[string]any)); err != nil {
			t.Errorf("not TOML: %v\n%q", err, text)
		}
		agree(t, text)
	}
	for _, src := range seeds(t) {
		agree(t, string(src))
	}
}

// FuzzScan: what the decoder accepts, the scanner reads with the same keys in the
// same order and the same values.
func FuzzScan(f *testing.F) {
	for _, text := range tricky {
		f.Add(text)
	}
	for _, src := range seeds(f) {
		f.Add(string(src))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 1<<14 {
			agree(t, text)
		}
	})
}

func TestPositions(t *testing.T) {
	text := strings.Repeat("é日x\r\n", 400) + strings.Repeat("語", 2000)
	s := newSource("f", text)
	line, column := 1, 1
	for i, r := range text {
		if got := s.position(i); got.Line != line || got.Column != column {
			t.Fatalf("offset %d is %v, want %d:%d", i, got, line, column)
		}
		column++
		if r == '\n' {
			line, column = line+1, 1
		}
	}
}
