"""Live updates, over real sockets from a real uvicorn."""
