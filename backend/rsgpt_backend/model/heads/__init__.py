"""Small trained heads beside the bridge: finder, matching, classifier, and question parser."""
