package policy

import "strings"

// capabilityNames are the capabilities of capabilities(7), in the order of their
// numbers in linux/capability.h, up to CAP_CHECKPOINT_RESTORE (Linux 5.9). To add
// one: append it here, and to the compilers' twin lists that tests compare.
var capabilityNames = []string{
	"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
	"CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST",
	"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
	"CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE",
	"CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
	"CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD",
	"CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
	"CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
}

// CapabilityNames gives the names that capabilities.keep accepts, in the order
// of their numbers: index i is capability number i.
func CapabilityNames() []string { return append([]string{}, capabilityNames...) }

// nearestCapability gives the capability that a word most likely means: the only one
// that begins with it, or else its misspelling. CAP_, which all share, is no likeness.
func nearestCapability(word string) (string, bool) {
	var longer, bare []string
	for _, name := range capabilityNames {
		if strings.HasPrefix(name, word+"_") {
			longer = append(longer, name)
		}
		bare = append(bare, strings.TrimPrefix(name, "CAP_"))
	}
	if len(longer) == 1 {
		return longer[0], true
	}
	near, ok := nearest(strings.TrimPrefix(word, "CAP_"), bare)
	return "CAP_" + near, ok
}

// capabilityName gives the spelling of capabilities(7) for a name in any case,
// with or without CAP_.
func capabilityName(text string) (string, bool) {
	name := strings.ToUpper(text)
	if !strings.HasPrefix(name, "CAP_") {
		name = "CAP_" + name
	}
	return name, contains(capabilityNames, name)
}
