package lint

var machineCalls = Rule{
	Code:     "CF608",
	Severity: Error,
	Title:    "calls that administer the machine",
	Why: `What each changes takes a capability that no backend gives (capabilities(7)): the program cannot use it for anything. What the line opens is
the way to the kernel's code behind the call, and the day on which something else gives the capability.`,
	Instead: "Take it out.",
	Bad:     Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nallow = [\"init_module\"]\n"},
	Good:    Example{Policy: "schema = 1\nname   = \"acme\"\n\n[syscalls]\nbase = \"default\"\n"},
	check: func(s *Subject) []Found {
		return openedCalls(s, []opening{
			{"init_module", "it loads code into the kernel"},
			{"finit_module", "it loads code into the kernel"},
			{"delete_module", "it unloads code of the kernel"},
			{"kexec_load", "it starts another kernel"},
			{"kexec_file_load", "it starts another kernel"},
			{"reboot", "it restarts the machine"},
			{"swapon", "it makes a file the machine's swap space"},
			{"swapoff", "it takes the machine's swap space away"},
			{"iopl", "it reaches ports of the hardware"},
			{"ioperm", "it reaches ports of the hardware"},
			{"acct", "it switches the accounting of processes"},
			{"quotactl", "it changes the quotas of users"},
			{"settimeofday", "it sets the machine's clock"},
			{"clock_settime", "it sets the machine's clock"},
			{"adjtimex", "it sets the machine's clock"},
			{"clock_adjtime", "it sets the machine's clock"},
			{"sethostname", "it renames the machine"},
			{"setdomainname", "it renames the machine"},
			{"vhangup", "it hangs up the terminal of whoever started it"},
		})
	},
}
