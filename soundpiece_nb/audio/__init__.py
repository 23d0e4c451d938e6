"""Sound as files: verified FLAC, waveforms, previews. Nothing here knows the API."""
