"""The documented API over HTTP: routes, requests, responses, errors, limits and downloads."""
