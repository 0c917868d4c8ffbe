package policy

// decideNetwork answers for every host and port alike: the modes of this version
// do not tell them apart.
func (p *Policy) decideNetwork() Decision {
	if p.Network.Mode == NetworkHost {
		return allowed(ClauseNetworkMode, p.Network.At, `network.mode is "host": every host and port can be reached`)
	}
	return denied(ClauseNetworkMode, p.Network.At, `network.mode is "none"`)
}
