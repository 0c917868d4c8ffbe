package lint

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"confine/policy"
)

func TestStrangerUnder(t *testing.T) {
	for domain, want := range map[string]bool{
		"amazonaws.com":           true,
		"us-west-2.amazonaws.com": true, // s3 of a region
		"compute.amazonaws.com":   true, // every label below it is a suffix
		"s3.us-west-2.aws.dev":    false,
		"windows.net":             true,
		"core.windows.net":        true,
		"cloudapp.azure.com":      true,
		"openai.azure.com":        true,
		"digitaloceanspaces.com":  true,
		"googleusercontent.com":   true,
		"kawasaki.jp":             true, // a registry's
		"acme.s3.amazonaws.com":   false,
		"acme.github.io":          false,
		"acme.com":                false,
		"typeform.com":            false,
		"salesforce.com":          false,
		"zendesk.com":             false,
		"google.com":              false,
		"microsoft.com":           false,
		"stripe.com":              false,
	} {
		name, ok := strangerUnder(domain)
		if ok != want || ok && !strings.HasSuffix(name, "."+domain) {
			t.Errorf("%s: %q, %v", domain, name, ok)
		}
	}
}

// Names in the lists are written as a policy has them; otherwise they would match nothing.
func TestNamesAreNormal(t *testing.T) {
	names := slices.Concat(strangers, tenants, metadataNames)
	for _, c := range carriers {
		names = append(names, c.domains...)
	}
	for _, name := range names {
		if a, err := policy.ParseAccess("resolve " + name); err != nil || a.Target != name {
			t.Errorf("%q: %q, %v", name, a.Target, err)
		}
	}
}

// An address that no name may resolve into by itself is one that private opens.
func TestMetadataAddressesAreSpecial(t *testing.T) {
	for _, service := range metadataAddresses {
		if _, special := policy.SpecialAddress(service.ip); !special {
			t.Errorf("%s can be resolved to without network.private", service.ip)
		}
	}
	for _, space := range addressSpaces {
		if _, special := policy.SpecialAddress(space.prefix.Addr()); !special {
			t.Errorf("%s is ordinary", space.prefix)
		}
	}
}

func TestWideNetworks(t *testing.T) {
	for network, want := range map[string]struct {
		wide, whole bool
		count       string
	}{
		"10.20.7.4/32":   {false, false, "1"},
		"10.20.7.0/24":   {false, false, "256"},
		"10.20.6.0/23":   {true, false, "512"},
		"10.0.0.0/8":     {true, true, "16777216"},
		"10.0.0.0/9":     {true, false, "8388608"},
		"0.0.0.0/0":      {true, true, "4294967296"},
		"192.168.0.0/16": {true, true, "65536"},
		"fd00:1::/64":    {false, false, "2^64"},
		"fd00:1::/63":    {true, false, "2^65"},
		"fc00::/7":       {true, true, "2^121"},
		"::/0":           {true, true, "2^128"},
	} {
		prefix := netip.MustParsePrefix(network)
		_, whole := wholeSpace(prefix)
		if wide(prefix) != want.wide || whole != want.whole || addresses(prefix) != want.count {
			t.Errorf("%s: wide %v, whole %v, %s addresses", network, wide(prefix), whole, addresses(prefix))
		}
	}
}
