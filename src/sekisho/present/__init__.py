"""What people see outside the web pages: terminal, notebook, charts, frames."""
