"""Texts for states, figures and keys, shared by the screen and the command line. Knows no Textual."""
