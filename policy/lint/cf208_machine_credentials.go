package lint

import "confine/policy"

var machineCredentials = Rule{
	Code:     "CF208",
	Severity: Error,
	Title:    "secrets of the machine can be read",
	Why: `Password hashes, keys of the host and credentials of a cluster node outlive the sandbox: whoever has read them comes
back as the machine or as one of its users. The permissions of the files still hold, until one of them is wrong.`,
	Instead: "Name the files in /etc that the program reads, one by one, as the policy `connector` does.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/ssh\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[filesystem]\nread = [\"/etc/passwd\", \"/etc/group\"]\n"},
	check: func(s *Subject) []Found {
		return foundPaths(s, policy.AccessRead, machineFiles, "a secret of the machine")
	},
}

// machineFiles hold secrets of a machine, by the manuals of what writes them.
var machineFiles = []string{
	"/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/security/opasswd", "/etc/sudoers", "/etc/ssh/ssh_host_ed25519_key",
	"/etc/ssh/ssh_host_rsa_key", "/etc/krb5.keytab", "/etc/kubernetes/admin.conf", "/etc/kubernetes/pki/ca.key",
	"/etc/rancher/k3s/k3s.yaml", "/var/lib/kubelet/pki/kubelet-client-current.pem", "/var/lib/kubelet/pods",
	"/etc/cni/net.d/calico-kubeconfig", "/etc/wireguard/wg0.conf", "/etc/openvpn/server.key", "/etc/docker/key.json",
	"/etc/NetworkManager/system-connections", "/var/lib/cloud/instance/user-data.txt", "/var/lib/waagent",
}
