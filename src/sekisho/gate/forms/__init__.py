"""The way of the open lane: drafts, submissions, what is opened, and requests for data."""
