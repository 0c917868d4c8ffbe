package lint

var languageRules = []*Rule{
	&unusedParameter, &noDescription, &otherName, &repeatedEntry, &repeatedBase,
	&noTests, &unexercisedEntry, &noDenial, &unfitParameters,
	&unreadableSuppression, &unusedSuppression, &expiredSuppression,
}
