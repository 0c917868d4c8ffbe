package lint

var environmentRules = []*Rule{
	&secretPassed, &secretSet, &loaderVariable, &interpreterVariable, &everythingPassed, &pathElement,
	&unsafeCodeSwitch, &proxyBesideEgress, &secretPattern,
}
