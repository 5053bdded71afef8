"""The prompt: typing, completion, attachments, drafts, and the queue of questions."""
