"""Pictures of map areas: bands, samples, captures, and ground resolution. It does not import `geo.results`."""
