"""Small trained heads beside the bridge: finder, matching, and classifier."""
