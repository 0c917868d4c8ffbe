package lint

import "confine/policy"

var serviceAccountToken = Rule{
	Code:     "CF206",
	Severity: Error,
	Title:    "the token of a service account can be read",
	Why: `Kubernetes mounts a token into every pod that does not refuse one. It speaks for the pod's account: often it may read
the secrets of a namespace, and with the identity of a workload it is worth credentials of the cloud. Code of
strangers has no business with the cluster.`,
	Instead: "Take the path out and write `absent = [\"/run/secrets\"]`, as the policy `connector` does.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/run/secrets\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nabsent = [\"/run/secrets\"]\n"},
	check: func(s *Subject) []Found {
		found := foundPaths(s, policy.AccessRead, accountTokens, "a token that speaks for the pod")
		for i := range found {
			f := &found[i]
			f.Hint = tableHint("filesystem", `absent = ["/run/secrets"]`)
			if e, ok := s.entryAt(f.At); ok && (within(e.Path, "/run/secrets") || within(e.Path, "/var/run/secrets")) {
				f.Hint = s.takeOut(f.At, "filesystem", string(e.Mode), e.Path)
			}
		}
		return found
	},
}

// accountTokens are where Kubernetes, EKS and AKS mount tokens of workloads, and Docker its
// secrets.
var accountTokens = withOldRun(
	"/run/secrets/kubernetes.io/serviceaccount/token",
	"/run/secrets/eks.amazonaws.com/serviceaccount/token",
	"/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token",
	"/run/secrets/azure/tokens/azure-identity-token",
)
