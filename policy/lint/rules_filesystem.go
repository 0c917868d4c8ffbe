package lint

var filesystemRules = []*Rule{
	&executableInWritable, &writableCode, &wideCode, &writableInExecutable, &engineSocket, &serviceAccountToken, &wholeRun,
	&machineCredentials, &userKeys, &wholeEtc, &othersData, &kernelObjects, &coveredEntry, &idleHide, &sharedTmp,
	&danglingLink, &unboundedTmp, &writableSettings, &homeDirectory, &nothingWritable, &kernelDebug, &tlsPrivateKeys,
	&shell, &freeDirectory, &serviceSocket,
}
