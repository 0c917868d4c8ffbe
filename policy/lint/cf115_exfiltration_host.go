package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"confine/policy"
)

var exfiltrationHost = Rule{
	Code:     "CF115",
	Severity: Warning,
	Title:    "a host that takes data from anybody for anybody",
	Why: `What is sent there a stranger can fetch: a bin for requests, a tunnel to a machine behind it, a page for pasted text,
a room for messages, a drive or the common host of a cloud's buckets, where a key of the attacker's opens the
attacker's own, or a resolver that carries what was looked up to the name servers of whoever owns the name.
These are what stolen data leaves through.`,
	Instead: "Take it out; of a bucket, name its own host, such as acme-exports.s3.amazonaws.com. Where the product itself is this service, allow the finding with a comment that says so.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\", \"webhook.site:443\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"api.acme.com:443\"]\n"},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			if domain, what, ok := carrier(e); ok {
				message := fmt.Sprintf("%s is %s", domain, what)
				switch {
				case e.MatchesHost(domain) && e.Host != domain:
					message = fmt.Sprintf("%s covers %s, %s", e.Host, domain, what)
				case e.Host != domain:
					message = fmt.Sprintf("%s belongs to %s, %s", e.Host, domain, what)
				}
				found = append(found, Found{At: e.At, Message: message, Hint: s.takeOut(e.At, "network", "egress", e.String())})
			} else if sharedStorage(e) {
				found = append(found, Found{
					At: e.At, Message: e.Host + " is the front door of everybody's buckets",
					Notes: []string{"the bucket stands in the path of a request, which nobody looks into"},
					Hint:  "name the host of the bucket that is meant: clouds give each one a name of its own",
				})
			}
		}
		return found
	},
}

// carrier gives the service of [carriers] that an entry leads to.
func carrier(e policy.EgressEntry) (domain, what string, ok bool) {
	for _, c := range carriers {
		for _, domain := range c.domains {
			host := strings.TrimPrefix(e.Host, "*.")
			if host == domain || strings.HasSuffix(host, "."+domain) || e.MatchesHost(domain) {
				return domain, c.what, true
			}
		}
	}
	return "", "", false
}

// sharedStorage reports whether a host serves the buckets of every customer of a cloud.
func sharedStorage(e policy.EgressEntry) bool {
	host := anyParameter.ReplaceAllString(e.Host, "eu-west-1")
	return slices.ContainsFunc(storageHosts, func(known *regexp.Regexp) bool { return known.MatchString(host) })
}

// anyParameter is where a value stands in a host, most often that of a region.
var anyParameter = regexp.MustCompile(`\$\{[^}]*\}`)

// storageHosts are where buckets are named in the path, as the clouds' manuals state them.
var storageHosts = []*regexp.Regexp{
	regexp.MustCompile(`^s3([.-](dualstack|fips))?([.-][a-z]{2}(-[a-z]+)+-\d)?\.amazonaws\.com(\.cn)?$`),
	regexp.MustCompile(`^storage(\.mtls)?\.googleapis\.com$`),
	regexp.MustCompile(`^(compat\.)?objectstorage\.[a-z0-9-]+\.oraclecloud\.com$`),
	regexp.MustCompile(`^oss-[a-z0-9-]+\.aliyuncs\.com$`),
	regexp.MustCompile(`^cos\.[a-z0-9-]+\.myqcloud\.com$`),
	regexp.MustCompile(`^(s3\.)?[a-z0-9-]+\.(backblazeb2\.com|wasabisys\.com|scw\.cloud|digitaloceanspaces\.com)$`),
	regexp.MustCompile(`^storage\.yandexcloud\.net$`),
}

var carriers = []struct {
	what    string
	domains []string
}{
	{"a resolver of names over HTTPS", []string{
		"dns.google", "cloudflare-dns.com", "one.one.one.one", "dns.quad9.net", "doh.opendns.com", "dns.nextdns.io", "adguard-dns.com",
		"cleanbrowsing.org", "doh.pub", "dns.alidns.com", "8.8.8.8", "8.8.4.4", "1.1.1.1", "1.0.0.1", "9.9.9.9",
	}},
	{"a bin for requests", []string{
		"webhook.site", "requestbin.com", "pipedream.net", "requestcatcher.com", "beeceptor.com", "interact.sh",
		"oast.pro", "oast.live", "oast.site", "oast.online", "oast.fun", "oast.me", "oastify.com", "burpcollaborator.net",
		"dnslog.cn", "canarytokens.com", "ptsv3.com",
	}},
	{"a tunnel to a machine of whoever opened it", []string{
		"ngrok.io", "ngrok.app", "ngrok.dev", "ngrok-free.app", "ngrok-free.dev", "trycloudflare.com", "loca.lt",
		"localhost.run", "lhr.life", "serveo.net", "pinggy.link", "pinggy.io", "bore.pub", "playit.gg", "ply.gg", "devtunnels.ms",
	}},
	{"a page for pasted text and files", []string{
		"pastebin.com", "paste.ee", "dpaste.com", "dpaste.org", "hastebin.com", "rentry.co", "termbin.com", "0x0.st", "ix.io",
		"transfer.sh", "file.io", "temp.sh", "gofile.io", "catbox.moe", "bashupload.com", "gist.github.com", "gist.githubusercontent.com",
	}},
	{"a drive for files, into which anybody's key writes", []string{
		"dropbox.com", "dropboxapi.com", "dropboxusercontent.com", "box.com", "mega.nz", "mega.co.nz", "pcloud.com", "mediafire.com",
		"wetransfer.com", "sendspace.com", "api.onedrive.com", "1drv.ms",
	}},
	{"a service for messages, into which anybody's key writes", []string{
		"discord.com", "discordapp.com", "hooks.slack.com", "api.telegram.org", "ntfy.sh", "pushover.net",
	}},
}
