"""A stand-in for the programs in SeaTable's server image. No SeaTable: what it does is what is publicly known of the real one, as far as tests
of a switch between its editions see it. Its words are those of __main__.py; how it misbehaves stands in words.py."""
