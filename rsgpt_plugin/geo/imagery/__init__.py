"""Pictures of map areas: bands, samples, captures, and ground resolution. It imports nothing from `geo.results`."""
