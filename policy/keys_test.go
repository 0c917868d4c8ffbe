package policy

import (
	"slices"
	"strings"
	"testing"
)

// notDescribed are tables of confine.toml, which is no policy.
var notDescribed = []string{tableSettings, tableLint, tableLintPath}

// Every key that the parser knows is described, and no other.
func TestTablesDescribeTheLanguage(t *testing.T) {
	described := map[string]bool{}
	for _, table := range Tables() {
		if described[table.Name] {
			t.Errorf("[%s] is described twice", table.Name)
		}
		described[table.Name] = true
		known := keysOf[table.Name]
		if table.Name == tableTests {
			known = []string{tableCase} // ParseTests knows it
		}
		var keys []string
		for _, key := range table.Keys {
			keys = append(keys, key.Name)
		}
		for _, key := range known {
			if !slices.Contains(keys, key) {
				t.Errorf("[%s] %s is not described", table.Name, key)
			}
		}
		for i, key := range keys {
			if !slices.Contains(known, key) {
				t.Errorf("[%s] %s is described, and the parser does not know it", table.Name, key)
			}
			if slices.Contains(keys[:i], key) {
				t.Errorf("[%s] %s is described twice", table.Name, key)
			}
		}
		for _, key := range table.Some {
			if !slices.Contains(keys, key) {
				t.Errorf("[%s] has no key %s", table.Name, key)
			}
		}
	}
	for name := range keysOf {
		if !described[name] && !slices.Contains(notDescribed, name) {
			t.Errorf("[%s] is not described", name)
		}
	}
}

// A description is one line, and says what holds without the key.
func TestDescriptionsAreWhole(t *testing.T) {
	var check func(where string, keys []Key)
	check = func(where string, keys []Key) {
		for _, key := range keys {
			where := where + key.Name
			if key.Doc == "" || strings.ContainsAny(key.Doc, "\n|") || strings.HasSuffix(key.Doc, ".") {
				t.Errorf("%s: %q is no one-line description", where, key.Doc)
			}
			if len(key.Values) == 0 {
				t.Errorf("%s can have no value", where)
			}
			if stated := key.Default != "" || key.Otherwise != ""; stated == key.Required {
				t.Errorf("%s: required %t, default %q, otherwise %q", where, key.Required, key.Default, key.Otherwise)
			}
			for _, v := range key.Values {
				check(where+".", v.Keys)
				for _, entry := range v.Entries {
					check(where+".", entry.Keys)
				}
			}
		}
	}
	for _, table := range Tables() {
		if table.Doc == "" || table.Example == "" {
			t.Errorf("[%s] has no description or no example", table.Name)
		}
		check("["+table.Name+"] ", table.Keys)
	}
}

func TestVerbsAreThoseOfAccesses(t *testing.T) {
	var verbs []string
	for _, v := range Verbs() {
		verbs = append(verbs, string(v.Kind))
		if v.Target == "" || v.Doc == "" {
			t.Errorf("%s is not described", v.Kind)
		}
	}
	if !slices.Equal(verbs, accessKinds) {
		t.Errorf("verbs %q, accesses %q", verbs, accessKinds)
	}
}
