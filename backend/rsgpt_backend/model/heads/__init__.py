"""Small trained heads beside the bridge: finder, matching, classifier, question parser, and novelty detector."""
