"""Pages for people, in Japanese and English."""
