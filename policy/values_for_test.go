package policy_test

import (
	"fmt"
	"testing"

	"confine/policy"
)

func TestValuesFor(t *testing.T) {
	p := declared(t, `[network]
mode = "egress"
egress = ["*.${tenant}-${n}.example.com:443", "${host}:5432", "api.example.com:443"]
[filesystem]
read = ["/data/${tenant}", "/x/${tenant}/${tenant}", "/etc"]
[params.tenant]
type = "label"
[params.n]
type = "label"
[params.host]
type = "host"
suffix = ["b.example"]
`)
	for text, want := range map[string]string{
		"read /data/acme":                          "[map[tenant:acme]]",
		"write /data/acme/a/b":                     "[map[tenant:acme]]",
		"read /data/a.b":                           "[]",
		"read /x/a/a/c":                            "[map[tenant:a]]",
		"read /x/a/b":                              "[]",
		"read /etc/x":                              "[]",
		"connect x.y.acme-2.example.com:443":       "[map[n:2 tenant:acme]]",
		"resolve x.acme-2.example.com":             "[map[host:x.acme-2.example.com] map[n:2 tenant:acme]]",
		"connect acme-2.example.com:443":           "[]",
		"connect x.acme-2.example.com:80":          "[]",
		"connect db.b.example:5432":                "[map[host:db.b.example]]",
		"connect db.b.example:443":                 "[]",
		"env tenant":                               "[]",
		"connect x.acme-2.example.com.evil.io:443": "[]",
	} {
		a, err := policy.ParseAccess(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.ValuesFor(a)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
