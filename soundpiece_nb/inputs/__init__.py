"""Reading of input: values of other libraries, spellings of names, environment variables."""
