package lint

var networkRules = []*Rule{
	&hostMode, &idleEgress, &emptyEgress, &plainPort, &addressLiteral, &widePrivate, &metadataService, &needlessPrivate,
	&remotePort, &coveredHost, &fronting, &sharedWildcard, &anyHost, &sharedSuffix, &exfiltrationHost, &everyTenant,
	&noResolver, &noCertificates, &wholePrivate, &nameServerPort, &ownMachineOpened,
	&mailPort,
}
