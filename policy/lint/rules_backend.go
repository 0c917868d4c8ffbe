package lint

var backendRules = []*Rule{
	&expiredException, &endingException, &unusedException, &emptyReason, &distantException,
	&refusedByAll, &refusedByOne, &refusedByVersion, &notAsked,
}
