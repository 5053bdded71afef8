"""Who can be asked: models and their endpoints, what they cost, and which of them see images."""
