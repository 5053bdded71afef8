"""The code that uses private parts of Textual."""
