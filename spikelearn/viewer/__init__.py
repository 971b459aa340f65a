"""The page in the browser: a running or recorded network, from a server on this machine or as one file."""
