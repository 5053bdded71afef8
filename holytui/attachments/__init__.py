"""Files that go out with a question: which were chosen, and how they are read."""
