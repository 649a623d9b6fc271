"""OpenAI's chat-completions protocol: requests, pictures, structured output, replies and refusals."""
