"""The inbox's HTTP door, apart, so that nothing but `outcomes inbox serve` loads a web framework."""
