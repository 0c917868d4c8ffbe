package lint

import (
	"fmt"
	"strings"
)

var everyTenant = Rule{
	Code:     "CF116",
	Severity: Warning,
	Title:    "a wildcard covers every customer of a service",
	Why: `Each customer of this service has a name of its own there, and whoever registers a trial has one too. A connector reads
from one of them; with the wildcard it can also write into any other.`,
	Instead: "Let a parameter of type \"label\" stand for the customer's name: whoever launches gives it from the configuration.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[network]\nmode   = \"egress\"\negress = [\"*.zendesk.com:443\"]\n"},
	Good: Example{Policy: `schema = 1
name   = "acme"

[network]
mode   = "egress"
egress = ["${subdomain}.zendesk.com:443"]

[params.subdomain]
type = "label"
`},
	check: func(s *Subject) []Found {
		var found []Found
		for _, e := range reached(s) {
			if !isWildcard(e) {
				continue
			}
			for _, domain := range tenants {
				if !e.MatchesHost("acme." + domain) {
					continue
				}
				found = append(found, Found{
					At: e.At, Message: fmt.Sprintf("every customer of %s has a name under %s", domain, strings.TrimPrefix(e.Host, "*.")),
					Hint: fmt.Sprintf("[network]\negress = [\"${tenant}.%s:%d\"]\n[params.tenant]\ntype = \"label\"", domain, e.Port),
				})
				break
			}
		}
		return found
	},
}

// tenants are domains of services in which each customer has a name, as the documentation
// of their programming interfaces states the base URL.
var tenants = []string{
	"zendesk.com", "freshdesk.com", "freshservice.com", "atlassian.net", "my.salesforce.com", "myshopify.com", "okta.com",
	"oktapreview.com", "auth0.com", "service-now.com", "snowflakecomputing.com", "sharepoint.com", "chargebee.com",
	"mktorest.com", "gorgias.com", "kustomerapp.com", "workable.com", "cloud.databricks.com", "azuredatabricks.net",
	"cloud.looker.com",
}
