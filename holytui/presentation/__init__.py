"""Texts for states and measurements, shared by the screen and the command line. Independent of Textual."""
