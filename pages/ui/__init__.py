"""What the pages share: components, lookup of the open workspace, wording."""
