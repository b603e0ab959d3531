"""Reports that come with the tool: an Audit in, a file out."""
