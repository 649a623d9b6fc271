"""Everything between the plugin and a model: environments, processes, servers, protocol and answer cache."""
