"""The network: providers, keys, connections, uploads, chat; the only room that calls services."""
