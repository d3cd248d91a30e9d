"""The endpoints, a module for each resource of OpenAI's API."""
