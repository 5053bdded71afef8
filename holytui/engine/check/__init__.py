"""`holytui check`: an endpoint and a model, examined step by step."""
