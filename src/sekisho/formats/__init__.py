"""File formats in which a release is handed out; each format's library enters by its own file."""
