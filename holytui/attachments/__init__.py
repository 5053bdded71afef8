"""Files attached to a question: their selection and their contents."""
