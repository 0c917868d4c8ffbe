package lint

import (
	"fmt"
	"strings"

	"golang.org/x/net/publicsuffix"
)

var sharedWildcard = Rule{
	Code:     "CF112",
	Severity: Error,
	Title:    "a wildcard covers names that strangers can have",
	Why: `Below this domain a cloud or a registry gives names to whoever asks: buckets, virtual machines, functions. An attacker
who rents one has a host that the policy allows, and everything that the program reads can go there.`,
	Instead: "Name the hosts that belong to you or to the API, each whole. A parameter of type \"label\" stands for the part that differs.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"*.amazonaws.com:443\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"acme-exports.s3.amazonaws.com:443\", \"*.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			domain, wildcard := strings.CutPrefix(e.Host, "*.")
			if !wildcard || strings.Contains(domain, "${") {
				continue
			}
			if example, ok := strangerUnder(domain); ok {
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("anybody can have a name under %s", domain),
					Notes: []string{"for example  " + example},
					Hint:  "name the host that is yours or the API's, whole: a name that nobody holds is a stranger's tomorrow",
				})
			}
		}
		return found
	},
}

// strangers are names of customers in clouds, one for each domain that has them. The list of
// public suffixes knows most of these domains, as the clouds told it; the others are from
// the clouds' manuals: machines, databases, vaults and queues.
var strangers = []string{
	"stranger.s3.amazonaws.com",
	"stranger.s3.eu-west-1.amazonaws.com",
	"stranger.eu-west-1.elb.amazonaws.com",
	"stranger.c1.eu-west-1.rds.amazonaws.com",
	"stranger.s3.cn-north-1.amazonaws.com.cn",
	"stranger.lambda-url.eu-west-1.on.aws",
	"stranger.auth.eu-west-1.amazoncognito.com",
	"stranger.blob.core.windows.net",
	"stranger.dfs.core.windows.net",
	"stranger.queue.core.windows.net",
	"stranger.table.core.windows.net",
	"stranger.database.windows.net",
	"stranger.servicebus.windows.net",
	"stranger.blob.core.usgovcloudapi.net",
	"stranger.blob.core.chinacloudapi.cn",
	"stranger.westeurope.cloudapp.azure.com",
	"stranger.openai.azure.com",
	"stranger.vault.azure.net",
	"stranger.westeurope.azurecontainer.io",
	"4.3.2.1.bc.googleusercontent.com",
	"stranger-uc.a.run.app",
	"stranger.compat.objectstorage.eu-frankfurt-1.oraclecloud.com",
	"stranger.oss-cn-hangzhou.aliyuncs.com",
	"stranger.cos.ap-beijing.myqcloud.com",
	"stranger.s3.fr-par.scw.cloud",
	"stranger.s3.eu-de.cloud-object-storage.appdomain.cloud",
	"stranger.s3.eu-central-003.backblazeb2.com",
	"stranger.s3.eu-central-1.wasabisys.com",
	"stranger.r2.cloudflarestorage.com",
	"stranger.up.railway.app",
	"stranger.global.ssl.fastly.net",
}

// sharedLabels are what providers of hosting call the part of their domain that is their
// customers'.
var sharedLabels = []string{
	"s3", "objects", "blob", "compute", "cloudapp", "instances", "paas", "vps", "vm", "customer", "cust", "user", "users", "up",
}

// strangerUnder gives a name that a stranger can have under a domain; ok is false where
// none is known. A public suffix by itself is refused before.
func strangerUnder(domain string) (name string, ok bool) {
	for _, name := range strangers {
		if strings.HasSuffix(name, "."+domain) {
			return name, true
		}
	}
	// A rule of the list can hold for every label below a domain.
	for _, label := range append([]string{"any"}, sharedLabels...) {
		below := label + "." + domain
		if suffix, _ := publicsuffix.PublicSuffix(below); suffix == below {
			return "stranger." + below, true
		}
	}
	return "", false
}
