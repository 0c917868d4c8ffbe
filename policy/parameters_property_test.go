package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"confine/policy"

	"pgregory.net/rapid"
)

const parameterPolicy = `
extends = ["base"]
[params.label]
type = "label"
pattern = ".*"
[params.host]
type = "host"
suffix = ["example.com", "example.org"]
[network]
mode = "egress"
egress = ["${label}.api.example.com:443", "pre-${label}.example.com:443", "${host}:443", "sub.${host}:80"]
[filesystem]
read = ["/data/${label}", "/data/pre-${label}/x", "/data/${label}${label}?"]
hide = ["/data/${label}/secret"]
write = ["/jobs/${label}"]
links = { "/current" = "/data/${label}" }
[process]
directory = "/jobs/${label}"
`

var parameterShelf = shelf{
	"root": headed("root", parameterPolicy),
	"base": headed("base", "[filesystem]\nread = ['/base/${label}']\nsealed = false\n"),
}

func anyValue() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[A-Za-z0-9_-]{1,20}`),
		rapid.SampledFrom([]string{"xexample.com", "example.com.net", "evil.net", "a.xexample.org", "a.example.net"}),
		rapid.StringMatching(`[a-z0-9-]{1,5}(\.[a-z0-9-]{1,5}){0,2}\.example\.(com|org|net)\.?`),
		rapid.StringMatching("[a-zA-Z0-9./*?\\[\\]${}:@%_ \n\x00~-]{0,12}"),
		rapid.SampledFrom([]string{
			"", ".", "..", "/", "a/b", "../x", "a.b", "${host}", "${label}", "*", "*.x", "a:1", "example.com", "example.com.", "EXAMPLE.ORG",
			"xexample.com", "example.com.evil.net", "evil.net#.example.com", "127.0.0.1", "::1", "[::1]", "1", "0x7f000001", "localhost", "a%2e",
			"a\u00adb", "\u202eexample.com", "é", strings.Repeat("a", 63), strings.Repeat("a", 64), "-a", "a-", "_", "a_b", "xn--a",
		}),
		rapid.String(),
	)
}

// TestParameterValues: whatever the values, a bound policy names one component and one
// label where the file has a parameter, and hosts inside of the suffixes.
func TestParameterValues(t *testing.T) {
	accepted := 0
	rapid.Check(t, func(t *rapid.T) {
		label, host := anyValue().Draw(t, "label"), anyValue().Draw(t, "host")
		switch rapid.IntRange(0, 3).Draw(t, "good") {
		case 0:
			host = "Shop.example.com"
		case 1:
			label = "good"
		case 2:
			label = rapid.StringMatching(`[a-zA-Z0-9][a-zA-Z0-9_-]{0,20}`).Draw(t, "good label")
			host = rapid.StringMatching(`[a-zA-Z0-9]{1,5}\.Example\.org`).Draw(t, "good host")
		}
		p, err := parameterShelf.resolve("root", policy.Options{Parameters: map[string]string{"label": label, "host": host}})
		if err != nil {
			var ds policy.Diagnostics
			if !errors.As(err, &ds) {
				t.Fatalf("%v", err)
			}
			return
		}
		accepted++
		asJSON, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(asJSON), "${") {
			t.Fatalf("a parameter is left: %s", asJSON)
		}
		if len(p.Network.Egress) != 4 || len(p.Filesystem.Entries) != 6 {
			t.Fatalf("the policy has %d hosts and %d paths", len(p.Network.Egress), len(p.Filesystem.Entries))
		}
		for _, e := range p.Network.Egress {
			if e.Host != strings.ToLower(e.Host) {
				t.Fatalf("%s has a capital letter", e.Host)
			}
			labels := strings.Split(e.Host, ".")
			last := strings.Join(labels[len(labels)-2:], ".")
			if last != "example.com" && last != "example.org" {
				t.Fatalf("%s does not lie in a suffix", e.Host)
			}
			if strings.Contains(e.Host, ".api.") && len(labels) != 4 || strings.HasPrefix(e.Host, "pre-") && len(labels) != 3 {
				t.Fatalf("%s: the value is no label", e.Host)
			}
		}
		for _, e := range p.Filesystem.Entries {
			parts := strings.Split(e.Path, "/")
			depth := map[string]int{"base": 3, "jobs": 3, "data": 3}[parts[1]]
			if parts[len(parts)-1] == "x" || parts[len(parts)-1] == "secret" {
				depth++
			}
			// A value can be "x" or "secret" itself.
			if len(parts) != depth && len(parts) != depth-1 || len(parts) > 4 {
				t.Fatalf("%s has %d components", e.Path, len(parts)-1)
			}
		}
	})
	if accepted == 0 {
		t.Error("no values were accepted")
	}
}

// TestParameterSecrets: no message shows a value, whatever is wrong.
func TestParameterSecrets(t *testing.T) {
	rest := []string{
		"[filesystem]\nread = ['/%']", "[filesystem]\nread = ['/a/%', '/a/hu${tail}']", "[filesystem]\nread = ['%']", "[filesystem]\nread = ['/a/../%']",
		"[filesystem]\nread = ['/a//%']", "[filesystem]\nread = ['/*/%']", "[filesystem]\ntmp = ['/%?']", "[filesystem]\nremove = { read = ['/%'] }",
		"[filesystem]\nremove = { read = ['/none'], hide = ['/base/%'] }", "[filesystem]\nlinks = { '/l' = '/%' }\nread = ['/l/x', '/l/%']",
		"[filesystem]\nlinks = { '/l' = '/%', '/m' = '/l/%' }", "[filesystem]\nread = ['/proc/%', '/dev/%']\nwrite = ['/sys/%']",
		"[filesystem]\nlinks = { '/hunter2x' = '/b' }\nread = ['/%/y']", "[filesystem]\nlinks = { '/l' = '/l/%' }",
		"[process]\ndirectory = '/%'", "[filesystem]\nread = ['/d']\nhide = ['/d/%']\n[process]\ndirectory = '/d/%/e'",
		"[process]\nuser = '%'", "[network]\nmode = 'egress'\negress = ['%:443', '%', 'https://%/', '%/x:1', 'a.%.com:0', '*.%:443', '%.co.uk:x']",
		"[network]\nmode = 'host'\negress = ['%.com:443']", "[network]\nmode = 'egress'\negress = ['%.example.com:443', 'hu${tail}.example.com:443']",
		"[network]\nremove = { egress = ['%.example.com:443', '%'], private = ['%'] }", "[network]\nprivate = ['%']",
		"[sealed]\n", "[filesystem]\nread = ['/sealed/%']", "[filesystem]\nremove = { hide = ['/hidden/%'] }", "[filesystem]\nwrite = ['/base/%']",
		"[network]\nmode = 'egress'\negress = ['%.example.net:443']", "[process]\ndirectory = '/base/%'", "[environment]\npass = ['%']\nset = { '%' = '%' }",
		"[capabilities]\nkeep = ['%']", "[rlimits]\nas = '%'", "[[accept]]\nreason = '%'\nclause = '%'\n",
	}
	rapid.Check(t, func(t *rapid.T) {
		seal := rapid.SampledFrom([]string{"true", "false"}).Draw(t, "sealed")
		base := "[network]\nsealed = " + seal + "\nmode = 'egress'\negress = ['${label}.example.com:80']\n" +
			"[filesystem]\nsealed = " + seal + "\nread = ['/base/${label}']\nhide = ['/hidden/${label}']\n[process]\nsealed = " + seal + "\n"
		text := strings.ReplaceAll(rapid.SampledFrom(rest).Draw(t, "rest"), "%", "${label}")
		declared := "extends = ['base']\n[params.label]\ntype = 'label'\npattern = '[a-z0-9]+'\n[params.tail]\ntype = 'label'\npattern = '[a-z0-9]+'\n"
		s := shelf{"root": headed("root", declared+text), "base": headed("base", base)}
		value := rapid.SampledFrom([]string{"hunter2x", "hunter2x/", "hunter2x."}).Draw(t, "value")
		_, err := s.resolve("root", policy.Options{Parameters: map[string]string{"label": value, "tail": "nter2x"}})
		if err == nil {
			return
		}
		asJSON, jsonErr := json.Marshal(err)
		if jsonErr != nil {
			t.Fatal(jsonErr)
		}
		shown := strings.ReplaceAll(told(err)+string(asJSON)+err.Error(), "'/hunter2x'", "")
		shown = strings.ReplaceAll(shown, `link \"/hunter2x\"`, "")
		shown = strings.ReplaceAll(shown, `/hunter2x leads to`, "")
		if strings.Contains(strings.ReplaceAll(shown, `link "/hunter2x"`, ""), "hunter2x") {
			t.Fatalf("the value is shown:\n%s", told(err))
		}
	})
}
