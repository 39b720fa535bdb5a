"""Coverage reports that pipelines drop as files."""
