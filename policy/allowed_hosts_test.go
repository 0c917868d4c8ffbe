package policy_test

import (
	"slices"
	"strings"
	"testing"

	"confine/policy"
)

// allowedHosts is what a connector's metadata.yaml says in data.allowedHosts.hosts, and the
// [network] and [params] of a policy that say the same. The values are real ones of Airbyte's
// catalogue.
type allowedHosts struct {
	connector string
	hosts     []string
	policy    string
	// values bind the parameters, as a connector's configuration has them.
	values map[string]string
	allow  []string
	deny   []string
	// refused is a part of the error where the list cannot be held, and hint the edit.
	refused, hint string
}

const (
	anyPattern = "pattern = \"[a-z0-9][a-z0-9-]*\"\n"
	metadata   = "connect 169.254.169.254:80"
)

var allowedHostsCases = []allowedHosts{
	{
		connector: "source-zendesk-support", hosts: []string{"${subdomain}.zendesk.com", "zendesk.com"},
		policy: `egress = ["${subdomain}.zendesk.com:443", "zendesk.com:443"]
[params.subdomain]
type = "label"
`,
		values: map[string]string{"subdomain": "acme"},
		allow:  []string{"connect acme.zendesk.com:443", "connect zendesk.com:443", "resolve ACME.zendesk.com."},
		deny:   []string{"connect other.zendesk.com:443", "connect acme.zendesk.com:80", "connect acme.zendesk.com.evil.test:443", metadata},
	},
	{
		connector: "source-shopify", hosts: []string{"${shop}.myshopify.com", "shopify.com"},
		policy: "egress = [\"${shop}.myshopify.com:443\", \"shopify.com:443\"]\n[params.shop]\ntype = \"label\"\n" + anyPattern,
		values: map[string]string{"shop": "airbyte-test"},
		allow:  []string{"connect airbyte-test.myshopify.com:443"},
		deny:   []string{"connect evil.myshopify.com:443", "connect airbyte-test.myshopify.com:8443"},
	},
	{
		connector: "source-jira", hosts: []string{"${domain}"},
		policy: "egress = [\"${domain}:443\"]\n[params.domain]\ntype = \"host\"\nsuffix = [\"atlassian.net\"]\n",
		values: map[string]string{"domain": "https://acme.atlassian.net/"},
		allow:  []string{"connect acme.atlassian.net:443"},
		deny:   []string{"connect other.atlassian.net:443", "connect atlassian.net:443"},
	},
	{
		connector: "source-github", hosts: []string{"${api_url}"},
		policy: "egress = [\"${api_url}:443\"]\n[params.api_url]\ntype = \"host\"\nsuffix = [\"github.com\"]\n",
		values: map[string]string{"api_url": "HTTPS://api.GitHub.com/v3?x"},
		allow:  []string{"connect api.github.com:443"},
		deny:   []string{"connect github.com:443", "connect gist.github.com:443"},
	},
	{
		connector: "source-postgres", hosts: []string{"${host}", "${tunnel_method.tunnel_host}"},
		policy: `egress = ["${host}:5432", "${tunnel_host}:22"]
private = ["10.20.0.0/16"]
[params.host]
type = "host"
suffix = ["db.acme.example"]
[params.tunnel_host]
type = "host"
suffix = ["bastion.acme.example"]
`,
		values: map[string]string{"host": "prod.db.acme.example", "tunnel_host": "bastion.acme.example"},
		allow:  []string{"connect prod.db.acme.example:5432", "connect bastion.acme.example:22"},
		deny:   []string{"connect prod.db.acme.example:22", "connect 10.20.0.1:5432"},
	},
	{
		connector: "source-stripe", hosts: []string{"api.stripe.com"}, policy: `egress = ["api.stripe.com:443"]`,
		allow: []string{"connect api.stripe.com:443"}, deny: []string{"connect files.stripe.com:443", "connect api.stripe.com:80"},
	},
	{
		connector: "source-hubspot", hosts: []string{"api.hubapi.com"}, policy: `egress = ["api.hubapi.com:443"]`,
		allow: []string{"connect api.hubapi.com:443"}, deny: []string{"connect hubapi.com:443"},
	},
	{
		connector: "source-salesforce", hosts: []string{"*.salesforce.com"}, policy: `egress = ["*.salesforce.com:443"]`,
		allow: []string{"connect login.salesforce.com:443", "connect a.b.my.salesforce.com:443"},
		deny:  []string{"connect salesforce.com:443", "connect acme.force.com:443", "connect evilsalesforce.com:443"},
	},
	{
		connector: "source-mailchimp", hosts: []string{"*.api.mailchimp.com"}, policy: `egress = ["*.api.mailchimp.com:443"]`,
		allow: []string{"connect us10.api.mailchimp.com:443"}, deny: []string{"connect api.mailchimp.com:443"},
	},
	{
		connector: "source-google-sheets", hosts: []string{"*.googleapis.com"}, policy: `egress = ["*.googleapis.com:443"]`,
		refused: `anybody can have a name under "googleapis.com"`,
	},
	{
		// What can be named of it.
		connector: "source-google-sheets", hosts: []string{"*.googleapis.com"},
		policy: `egress = ["sheets.googleapis.com:443", "www.googleapis.com:443", "oauth2.googleapis.com:443"]`,
		allow:  []string{"connect sheets.googleapis.com:443", "connect oauth2.googleapis.com:443"},
		deny:   []string{"connect storage.googleapis.com:443"},
	},
	{
		connector: "source-s3", hosts: []string{"*.s3.amazonaws.com"}, policy: `egress = ["*.s3.amazonaws.com:443"]`,
		refused: `anybody can have a name under "s3.amazonaws.com"`,
	},
	{
		connector: "source-s3", hosts: []string{"*.s3.amazonaws.com"},
		policy: "egress = [\"${bucket}.s3.amazonaws.com:443\"]\n[params.bucket]\ntype = \"label\"\n",
		values: map[string]string{"bucket": "acme-exports"},
		allow:  []string{"connect acme-exports.s3.amazonaws.com:443"},
		deny:   []string{"connect other.s3.amazonaws.com:443", "connect s3.eu-west-1.amazonaws.com:443"},
	},
	{
		connector: "source-amazon-seller-partner", hosts: []string{"https://sellingpartnerapi-eu.amazon.com"},
		policy:  `egress = ["https://sellingpartnerapi-eu.amazon.com"]`,
		refused: `"https://sellingpartnerapi-eu.amazon.com" is a URL, not a host and port`,
		hint:    `write "sellingpartnerapi-eu.amazon.com:443"`,
	},
	{
		connector: "source-amazon-seller-partner", hosts: []string{"https://sellingpartnerapi-eu.amazon.com"},
		policy: `egress = ["sellingpartnerapi-eu.amazon.com:443", "api.amazon.com:443"]`,
		allow:  []string{"connect sellingpartnerapi-eu.amazon.com:443"}, deny: []string{"connect amazon.com:443"},
	},
	{
		// An empty list: no network.
		connector: "source-faker", policy: "egress = []", deny: []string{"connect api.example.com:443", "resolve example.com", metadata},
	},
	{connector: "source-file", hosts: []string{"*"}, policy: `egress = ["*:443"]`, refused: `"*:443" names every host`},
	{connector: "source-pokeapi", hosts: []string{"*"}, policy: `egress = ["*"]`, refused: `"*" names every host`},
	{
		connector: "source-pokeapi", hosts: []string{"*"}, policy: `egress = ["pokeapi.co:443"]`,
		allow: []string{"connect pokeapi.co:443"}, deny: []string{"connect evil.test:443"},
	},
	{
		// No list at all, which the platform takes for every host.
		connector: "source-mongodb-v2", policy: "egress = [\"${host}:27017\"]\n[params.host]\ntype = \"host\"\nsuffix = [\"mongodb.net\"]\n",
		values: map[string]string{"host": "cluster0.abcde.mongodb.net"},
		allow:  []string{"connect cluster0.abcde.mongodb.net:27017"},
		deny:   []string{"connect cluster0.abcde.mongodb.net:443", "connect evil.test:27017", metadata},
	},
}

func (a allowedHosts) resolve(values map[string]string) (*policy.Policy, error) {
	text := "schema = 1\nname = \"" + a.connector + "\"\n[network]\nmode = \"egress\"\n" + a.policy + "\n"
	return policy.Resolve(policy.Source{File: a.connector + ".toml", Text: []byte(text)}, policy.Options{Parameters: values})
}

func TestAllowedHosts(t *testing.T) {
	connectors := map[string]bool{}
	for _, a := range allowedHostsCases {
		connectors[a.connector] = true
		t.Run(a.connector, func(t *testing.T) {
			p, err := a.resolve(a.values)
			if a.refused != "" {
				if err == nil || !strings.Contains(told(err), a.refused) || !strings.Contains(told(err), a.hint) {
					t.Errorf("%v, expected an error with %q and %q", err, a.refused, a.hint)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for verdict, texts := range map[bool][]string{true: a.allow, false: a.deny} {
				for _, text := range texts {
					access, err := policy.ParseAccess(text)
					if err != nil {
						t.Fatal(err)
					}
					if d := p.Decide(access); d.Allowed != verdict {
						t.Errorf("%s: allowed %v: %s", text, d.Allowed, d.Because)
					}
				}
			}
		})
	}
	if len(connectors) != 16 {
		t.Errorf("%d connectors", len(connectors))
	}
}

// hostileValues are what whoever writes a connector's configuration could put in the place of
// a host or a part of one.
var hostileValues = []string{
	"", ".", "..", "acme.", "ACME", "Acme.Atlassian.NET.", "evil.test", "evil.test/", "evil.test#", "evil.test?", "x@evil.test", "evil.test:443", "a.b", "${x}", "${subdomain}",
	"*", "*.evil.test", "-a", "a-", strings.Repeat("a", 64), "\u0430cme", "acme\n", " acme", "acme\x00", "%61cme", "127.0.0.1", "[::1]", "0x7f.1",
	"https://evil.test/", "https://acme.atlassian.net@evil.test/", "https://evil.test/.atlassian.net", "https://evil.test#.atlassian.net",
	"https://evil.test\\.atlassian.net/", "https://acme.atlassian.net:8443/", "https://user@acme.atlassian.net/", "ftp://acme.atlassian.net/",
	"https://acme.atlassian.net%2eevil.test/", "https://[::1]/", "https://169.254.169.254/", "https:///", "javascript://acme.atlassian.net/",
	"acme.atlassian.net:443", "acme.atlassian.net/wiki", "acme.atlassian.net.evil.test", "evilatlassian.net", "https://acme.atlassian.net /",
}

// Whatever the value, the policy is refused, or names a host that lies in the part that the
// policy has itself.
func TestHostileParameterValues(t *testing.T) {
	accepted := 0
	for _, a := range allowedHostsCases {
		for name := range a.values {
			for _, value := range hostileValues {
				values := map[string]string{}
				for other, good := range a.values {
					values[other] = good
				}
				values[name] = value
				p, err := a.resolve(values)
				if err != nil {
					if len(value) > 3 && strings.Contains(err.Error(), value) {
						t.Errorf("%s: the error shows the value %q", a.connector, value)
					}
					continue
				}
				honest, err := a.resolve(a.values)
				if err != nil {
					t.Fatal(err)
				}
				accepted++
				if got, want := labels(p), labels(honest); strings.Contains(a.policy, `"label"`) && !slices.Equal(got, want) {
					t.Errorf("%s: %q names hosts of %d labels, not %d", a.connector, value, got, want)
				}
				for _, e := range p.Network.Egress {
					if e.Host != strings.ToLower(e.Host) {
						t.Errorf("%s: %q names %s", a.connector, value, e)
					}
					inside := false
					for _, suffix := range []string{
						".zendesk.com", "zendesk.com", ".myshopify.com", "shopify.com", ".atlassian.net", ".github.com",
						".db.acme.example", "bastion.acme.example", ".s3.amazonaws.com", ".mongodb.net",
					} {
						inside = inside || strings.HasSuffix(e.Host, suffix)
					}
					if !inside || strings.Contains(e.Host, "evil") {
						t.Errorf("%s: %q names %s", a.connector, value, e)
					}
				}
			}
		}
	}
	if accepted == 0 {
		t.Error("no value was harmless")
	}
}

// labels counts those of each host of a policy, in order.
func labels(p *policy.Policy) []int {
	var out []int
	for _, e := range p.Network.Egress {
		out = append(out, strings.Count(e.Host, ".")+1)
	}
	slices.Sort(out)
	return out
}

// The error of a value says what is expected, and where, and nothing of the value.
func TestParameterValueRefused(t *testing.T) {
	for _, a := range allowedHostsCases {
		for name := range a.values {
			_, err := a.resolve(map[string]string{name: "hunter2@evil.test/"})
			if err == nil {
				t.Errorf("%s: taken", a.connector)
				continue
			}
			text := told(err)
			if !strings.Contains(text, "the value of parameter "+name+" is not one that it allows") || !strings.Contains(text, "= expected  ") ||
				!strings.HasPrefix(text, a.connector+".toml:") || strings.Contains(text, "hunter2") || strings.Contains(text, "evil") {
				t.Errorf("%s:\n%s", a.connector, text)
			}
		}
	}
}
