package lint

var languageRules = []*Rule{
	&unusedParameter, &noDescription, &otherName, &repeatedEntry, &repeatedBase,
	&noTests, &unexercisedEntry, &noDenial,
	&unreadableSuppression, &unusedSuppression, &expiredSuppression,
}
