package policy_test

import (
	"testing"

	"confine/policy"
)

// TestCompareMissed: loosenings that were once not seen, or not found in finite time.
func TestCompareMissed(t *testing.T) {
	for name, c := range map[string]struct{ older, newer, example string }{
		"a wildcard at another port": {
			"[network]\nmode = 'egress'\negress = ['*.example.com:80']\n",
			"[network]\nmode = 'egress'\negress = ['*.example.com:443']\n",
			"connect x.example.com:443",
		},
		"names between an exact one and a longer prefix": {
			"[environment]\npass = ['A', 'AX*']\n",
			"[environment]\npass = ['A*']\n",
			"env AA",
		},
		"a link behind a link": {
			"[filesystem]\nexec = ['/opt/tool/bin']\nlinks = { '/usr/bin/tool' = '/opt/tool' }\n",
			"[filesystem]\nexec = ['/opt/tool/bin']\nlinks = { '/usr/bin/tool' = '/opt/tool', '/bin' = '/usr/bin' }\n",
			"exec /bin/tool/bin",
		},
		"a link that leads above itself": {
			"[filesystem]\nread = ['/a/x']\nhide = ['/a/l/l']\n",
			"[filesystem]\nread = ['/a/x']\nlinks = { '/a/l' = '/a' }\n",
			"read /a/l/x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			older, newer := mustParse(t, c.older), mustParse(t, c.newer)
			var examples []string
			for _, change := range policy.Compare(older, newer) {
				if change.Loosened && change.Example.Kind != "" {
					examples = append(examples, change.Example.String())
				}
			}
			for _, example := range examples {
				if example == c.example {
					return
				}
			}
			t.Errorf("examples are %q, without %q", examples, c.example)
		})
	}
}
