"""The steps of `holytui check` for one endpoint and model."""
