package guard

import "confine/policy/syscalls"

// Deny gives a rule for each call that answers with an error, whatever the arguments are.
func Deny(reason string, errno syscalls.Errno, calls ...string) []syscalls.Rule {
	rules := make([]syscalls.Rule, 0, len(calls))
	for _, call := range calls {
		rules = append(rules, syscalls.Rule{Name: call, Otherwise: syscalls.Fail(errno), Reason: reason})
	}
	return rules
}

// OneOf tests an argument that is an int or unsigned int in the kernel.
func OneOf(arg int, values ...syscalls.Constant) syscalls.Test {
	return syscalls.Test{Arg: arg, Width: syscalls.Low32, Op: syscalls.OneOf, Values: values}
}

// Number is a value without a name.
func Number(n uint64) syscalls.Constant { return syscalls.Constant{Value: n} }

// Namespaces keep a program in the namespaces that were looked at.
func Namespaces() []syscalls.Rule {
	const reason = "a new namespace is not the one that was looked at"
	return append(Deny(reason, syscalls.EPERM, "unshare", "setns"),
		syscalls.Rule{
			Name: "clone", Reason: reason,
			Cases: []syscalls.Case{{
				When: []syscalls.Test{{Arg: 0, Width: syscalls.Low32, Op: syscalls.AnyBit, Values: syscalls.NamespaceFlags()}},
				Then: syscalls.Fail(syscalls.EPERM),
			}},
			Otherwise: syscalls.Allow,
		},
		Deny("its flags cannot be told; the C libraries take clone on ENOSYS", syscalls.ENOSYS, "clone3")[0],
	)
}

// Keyrings close those of the user, which no namespace but a user namespace parts.
func Keyrings() []syscalls.Rule {
	return Deny("keyrings are shared with every process of the user (keyrings(7))", syscalls.ENOSYS, "keyctl", "add_key", "request_key")
}
