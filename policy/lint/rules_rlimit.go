package lint

var rlimitRules = []*Rule{
	&coreFiles, &noNproc, &noNofile, &noMemory, &deadlyLimit, &shortCPU, &smallFiles, &idleLimit, &givingLimit, &smallLimit,
	&smallAddresses,
}
