"""Model servers: the local server process, the HTTP transport, and the chat-completions protocol."""
