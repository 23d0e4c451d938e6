"""Sound as files: verified FLAC, waveforms, previews, tags. Nothing here knows the API."""
