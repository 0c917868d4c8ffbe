package lint

var syscallRules = []*Rule{
	&noFilter, &otherProcesses, &kernelPrograms, &ioUring, &faultHandling, &mounts, &keyrings, &machineCalls, &observers,
	&namespaces, &hiddenFlags, &namelessFiles, &socketFamilies, &idleAllow, &droppedGuard, &idleDeny, &vitalCall, &killingBase,
	&idleRule, &weakerMemory,
}
