package lint

// capabilityKind says which rule a capability falls under.
type capabilityKind int

const (
	capabilityOther capabilityKind = iota
	capabilityRoot
	capabilityNetwork
	capabilityProcesses
)

// capabilityGifts say what each capability gives away, after capabilities(7).
var capabilityGifts = map[string]struct {
	kind  capabilityKind
	gives string
}{
	"CAP_CHOWN":            {capabilityRoot, "makes any file its own, /etc/shadow too"},
	"CAP_DAC_OVERRIDE":     {capabilityRoot, "reads and writes every file, whatever its mode"},
	"CAP_DAC_READ_SEARCH":  {capabilityRoot, "reads every file, by open_by_handle_at(2) also what it does not see"},
	"CAP_FOWNER":           {capabilityRoot, "changes the mode and the attributes of any file, as if it owned it"},
	"CAP_FSETID":           {capabilityOther, "keeps set-user-ID and set-group-ID bits on files that it changes"},
	"CAP_KILL":             {capabilityProcesses, "signals any process, of any user"},
	"CAP_SETGID":           {capabilityRoot, "becomes a member of any group, disk, docker and shadow included"},
	"CAP_SETUID":           {capabilityRoot, "becomes any user, root included"},
	"CAP_SETPCAP":          {capabilityRoot, "takes every capability of its bounding set, and changes the securebits"},
	"CAP_LINUX_IMMUTABLE":  {capabilityOther, "sets and clears the immutable and append-only flags that protect logs"},
	"CAP_NET_BIND_SERVICE": {capabilityNetwork, "listens on ports below 1024, in place of a service of the machine"},
	"CAP_NET_BROADCAST":    {capabilityOther, "gains nothing: Linux asks for it nowhere"},
	"CAP_NET_ADMIN":        {capabilityNetwork, "changes interfaces, routes and firewall rules, those of the policy too"},
	"CAP_NET_RAW":          {capabilityNetwork, "reads the traffic of others and forges packets"},
	"CAP_IPC_LOCK":         {capabilityProcesses, "locks any amount of memory into RAM"},
	"CAP_IPC_OWNER":        {capabilityProcesses, "reads and writes the shared memory and queues of others (System V)"},
	"CAP_SYS_MODULE":       {capabilityRoot, "loads code into the kernel"},
	"CAP_SYS_RAWIO":        {capabilityRoot, "reaches ports and memory of the hardware: iopl(2), /dev/mem"},
	"CAP_SYS_CHROOT":       {capabilityOther, "changes its root directory and enters mount namespaces"},
	"CAP_SYS_PTRACE":       {capabilityRoot, "reads and changes the memory of any process that it sees"},
	"CAP_SYS_PACCT":        {capabilityProcesses, "switches process accounting on and off: acct(2)"},
	"CAP_SYS_ADMIN":        {capabilityRoot, "mounts, enters namespaces and more: it is root by another name"},
	"CAP_SYS_BOOT":         {capabilityRoot, "restarts the machine, and starts another kernel: kexec_load(2)"},
	"CAP_SYS_NICE":         {capabilityProcesses, "raises its own priority, real-time too, and sets that of any process"},
	"CAP_SYS_RESOURCE":     {capabilityProcesses, "raises its own limits: nothing in [rlimits] holds"},
	"CAP_SYS_TIME":         {capabilityOther, "sets the clock of the machine, by which certificates expire"},
	"CAP_SYS_TTY_CONFIG":   {capabilityOther, "hangs up terminals and changes virtual ones"},
	"CAP_MKNOD":            {capabilityRoot, "makes device files: of disks, and with them of every file"},
	"CAP_LEASE":            {capabilityOther, "takes leases on files of others, which delays everybody who opens them"},
	"CAP_AUDIT_WRITE":      {capabilityOther, "writes records into the audit log, false ones too"},
	"CAP_AUDIT_CONTROL":    {capabilityOther, "switches auditing off and changes its rules"},
	"CAP_SETFCAP":          {capabilityRoot, "gives files capabilities, which whoever starts them then has"},
	"CAP_MAC_OVERRIDE":     {capabilityRoot, "is not held back by mandatory access control (Smack)"},
	"CAP_MAC_ADMIN":        {capabilityRoot, "changes the rules of mandatory access control"},
	"CAP_SYSLOG":           {capabilityProcesses, "reads the kernel's log and addresses, which exploits need first"},
	"CAP_WAKE_ALARM":       {capabilityOther, "sets timers that wake the machine"},
	"CAP_BLOCK_SUSPEND":    {capabilityOther, "keeps the machine from being suspended"},
	"CAP_AUDIT_READ":       {capabilityOther, "reads the audit log"},
	"CAP_PERFMON":          {capabilityProcesses, "observes every process and the kernel: perf_event_open(2)"},
	"CAP_BPF":              {capabilityRoot, "loads BPF programs into the kernel"},
	"CAP_CHECKPOINT_RESTORE": {
		capabilityProcesses, "sees what any process has open and mapped, and chooses ids of processes",
	},
}

// keptCapabilities finds the capabilities of a kind that the policy keeps.
func keptCapabilities(s *Subject, kind capabilityKind) []Found {
	var found []Found
	for _, c := range s.Policy.Capabilities {
		if gift := capabilityGifts[c.Name]; gift.kind == kind {
			found = append(found, Found{
				At: c.At, Message: "the program keeps " + c.Name,
				Notes: []string{"with it the program " + gift.gives, "no backend gives a program any capability: the policy does not compile"},
				Hint:  s.takeOut(c.At, "capabilities", "keep", c.Name),
			})
		}
	}
	return found
}
